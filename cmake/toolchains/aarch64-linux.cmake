# Builds for 64-bit ARM on another Linux: cmake --toolchain cmake/toolchains/aarch64-linux.cmake (Debian: g++-aarch64-linux-gnu).
# QEMU runs the tests (Debian: qemu-user), with the system libraries that came with the compiler.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
find_program(CMAKE_CXX_COMPILER NAMES aarch64-linux-gnu-g++ REQUIRED)
find_program(NEARFILE_QEMU NAMES qemu-aarch64 qemu-aarch64-static)
if(NEARFILE_QEMU)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${NEARFILE_QEMU} -L /usr/aarch64-linux-gnu)
endif()

set(CMAKE_FIND_ROOT_PATH /usr/aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
