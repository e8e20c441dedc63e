# What the scripts here share.

# Runs a command; what it printed is in `output`. One that fails ends the test and shows it.
function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE printed ERROR_VARIABLE printed RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nends with ${status}:\n${printed}")
  endif()
  set(output "${printed}" PARENT_SCOPE)
endfunction()

# Configures a project afresh. The arguments behind the folders are options.
function(configure source build)
  file(REMOVE_RECURSE ${build})
  run(${CMAKE_COMMAND} -S ${source} -B ${build} -G ${GENERATOR} -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}
      -DCMAKE_CXX_COMPILER=${CXX_COMPILER} -Wdev -Werror=dev ${ARGN})
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect what found)
  if(NOT found MATCHES "${what}")
    message(FATAL_ERROR "expected \"${what}\" in:\n${found}")
  endif()
endfunction()

function(expect_not what found)
  if(found MATCHES "${what}")
    message(FATAL_ERROR "expected no \"${what}\" in:\n${found}")
  endif()
endfunction()
