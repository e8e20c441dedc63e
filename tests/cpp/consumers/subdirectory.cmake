# A project that adds nearfile as a folder: its flags stay its own, nearfile is built with them and with those that its files
# depend on, and nothing is built but the library. Only configured: what would be compiled how, compile_commands.json says.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

set(build ${WORK}/parent-build)
configure(${CMAKE_CURRENT_LIST_DIR}/parent ${build} -DNEARFILE=${SOURCE} -DCMAKE_BUILD_TYPE=Release
          -DCMAKE_CXX_FLAGS_RELEASE=-O1\ -DPARENT_FLAGS)
expect("the parent is as it was" "${output}")

file(READ ${build}/compile_commands.json commands)
string(JSON count LENGTH "${commands}")
math(EXPR last "${count} - 1")
set(n_of_nearfile 0)
foreach(i RANGE ${last})
  string(JSON file GET "${commands}" ${i} file)
  string(JSON command GET "${commands}" ${i} command)
  expect("-O1 -DPARENT_FLAGS" "${command}")
  expect_not("-O3|-DNDEBUG|-W[a-z]" "${command}")
  if(file MATCHES "^${SOURCE}/src/")
    expect("-ffp-contract=off -fno-trapping-math -fno-math-errno" "${command}")
    expect("-std=c\\+\\+20" "${command}")
    math(EXPR n_of_nearfile "${n_of_nearfile} + 1")
  else()
    expect("parent/main\\.cpp$" "${file}")
    expect("-std=gnu\\+\\+20" "${command}")  # what nearfile's headers need, with the parent's extensions
    expect_not("-ffp-contract|-fno-|-fvisibility" "${command}")
    run(${CMAKE_COMMAND} -E chdir ${build} sh -c "${command}")
  endif()
endforeach()
if(n_of_nearfile LESS 50)
  message(FATAL_ERROR "expected the sources of nearfile, found ${n_of_nearfile}")
endif()
