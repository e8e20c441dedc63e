# Fails where a kernel file for special instructions has code that the linker may take for every machine: weak symbols, of
# which it keeps the first it meets. Run as a script with NM and LIBRARY, the archive.
execute_process(COMMAND ${NM} -A ${LIBRARY} OUTPUT_VARIABLE symbols RESULT_VARIABLE status)
string(REGEX MATCHALL "(avx|neon)[a-z0-9_]*\\.cpp\\.o:[0-9a-f]* [TDR] [^\n]*" own "${symbols}")
string(REGEX MATCHALL "(avx|neon)[a-z0-9_]*\\.cpp\\.o:[0-9a-f]* [WVu] [^\n]*" shared "${symbols}")
if(NOT status EQUAL 0 OR NOT own)
  message(FATAL_ERROR "expected the symbols of kernel files in ${LIBRARY}, ${NM} shows none")
endif()
if(shared)
  string(REPLACE ";" "\n" shared "${shared}")
  message(FATAL_ERROR "the linker may take these for every machine; put them into an anonymous namespace:\n${shared}")
endif()
