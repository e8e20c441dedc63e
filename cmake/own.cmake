# nearfile_own(target): how everything here is compiled. Of the target alone, so that a project that takes nearfile in keeps
# its own flags, and so does whoever links it.
function(nearfile_own target)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  # One binary for every machine: no -march=native. One answer on every machine: no -ffast-math, and no contraction of a
  # product and a sum into one rounding, which would make the bytes of a file depend on the instruction set. Nobody reads
  # floating-point exception flags or errno; compilers may then vectorise comparisons and square roots. Values do not change.
  target_compile_options(${target} PRIVATE -ffp-contract=off -fno-trapping-math -fno-math-errno)
  if(PROJECT_IS_TOP_LEVEL)
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion)
  endif()
  if(NEARFILE_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${NEARFILE_SANITIZE} -fno-sanitize-recover=all
                                             -fno-omit-frame-pointer -g)
    target_compile_definitions(${target} PRIVATE _GLIBCXX_ASSERTIONS)
    target_link_options(${target} PUBLIC -fsanitize=${NEARFILE_SANITIZE})
  endif()
endfunction()

# nearfile_for_size(files): what runs once for a call or a file is compiled for size, and only loops over items, vertices and
# dimensions for speed. Half of what the extension weighed, and searches and builds take no longer; values do not change.
function(nearfile_for_size)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS
                              "$<$<CONFIG:Release>:$<IF:$<CXX_COMPILER_ID:MSVC>,/O1,-Os>>")
endfunction()
