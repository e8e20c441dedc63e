# nearfile_own(target): how everything here is compiled. Of the target alone, so that a project that takes nearfile in keeps
# its own flags, and so does whoever links it.
function(nearfile_own target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  # One binary for every machine: no -march=native. One answer on every machine: no -ffast-math, and no contraction of a
  # product and a sum into one rounding, which would make the bytes of a file depend on the instruction set. Nobody reads
  # floating-point exception flags or errno; compilers may then vectorise comparisons and square roots. Values do not change.
  if(MSVC)
    target_compile_options(${target} PRIVATE /fp:precise /permissive- /utf-8 /Zc:__cplusplus /EHsc)
  else()
    target_compile_options(${target} PRIVATE -ffp-contract=off -fno-trapping-math -fno-math-errno)
  endif()
  if(PROJECT_IS_TOP_LEVEL AND MSVC)
    # Without C4244, C4267 (a smaller type takes a larger one's value: -Wconversion says where that is not meant), C5030
    # (attributes of GCC) and C4127 (an if that is constant for one argument of a template).
    target_compile_options(${target} PRIVATE /W4 /wd4244 /wd4267 /wd5030 /wd4127)
  elseif(PROJECT_IS_TOP_LEVEL)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
  endif()
  if(WIN32)
    # Windows 10 1709, the first in which a file that is open or mapped can be replaced. No more of windows.h than is needed,
    # and none of its macros that are called as functions of the standard library are.
    target_compile_definitions(${target} PRIVATE _WIN32_WINNT=0x0A00 NTDDI_VERSION=0x0A000004 WIN32_LEAN_AND_MEAN NOMINMAX
                                                 UNICODE _UNICODE _CRT_SECURE_NO_WARNINGS)
  endif()
  if(NEARFILE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${NEARFILE_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer -g)
    target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS)
    target_link_options(${target} PUBLIC -fsanitize=${NEARFILE_SANITIZE})
  endif()
endfunction()

# nearfile_for_size(files): what runs once for a call or a file is compiled for size, and only loops over items, vertices and
# dimensions for speed. The extension is a third smaller by it, and searches and
# builds take as long; values do not change.
function(nearfile_for_size)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS
                              "$<$<CONFIG:Release>:$<IF:$<CXX_COMPILER_ID:MSVC>,/O1,-Os>>")
endfunction()
