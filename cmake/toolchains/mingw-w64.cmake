# Builds for 64-bit Windows on another system: cmake --toolchain cmake/toolchains/mingw-w64.cmake. GCC for MinGW-w64 with
# threads of POSIX (Debian: g++-mingw-w64-x86-64-posix); wine runs the tests (Debian: wine64).
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
find_program(CMAKE_CXX_COMPILER NAMES x86_64-w64-mingw32-g++-posix x86_64-w64-mingw32-g++ REQUIRED)
find_program(CMAKE_RC_COMPILER NAMES x86_64-w64-mingw32-windres)
find_program(NEARFILE_WINE NAMES wine64 wine64-stable wine PATHS /usr/lib/wine)
if(NEARFILE_WINE)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${NEARFILE_WINE})
endif()

# One file that runs as it is, without the libraries of the compiler beside it.
set(CMAKE_EXE_LINKER_FLAGS_INIT "-static")

set(CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
