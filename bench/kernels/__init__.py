"""Every kernel beside what the machine's memory allows: a C++ program, and the verb that builds and runs it."""
