# Makes the module targets from layers.txt: stargate_<module> (static library of every .cpp in the folder that is not a
# test) and stargate_<module>_test (its *_test.cpp). Third-party libraries are private to the one module that may see them.

include(${CMAKE_CURRENT_LIST_DIR}/embed_files.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/source_fingerprint.cmake)

set(STARGATE_THIRD_PARTY_base fmt::fmt Threads::Threads)
set(STARGATE_THIRD_PARTY_config PkgConfig::YAML PkgConfig::TOMLPLUSPLUS nlohmann_json::nlohmann_json)
set(STARGATE_THIRD_PARTY_lp Cbc::Cbc PkgConfig::COIN)
set(STARGATE_THIRD_PARTY_calibration Eigen3::Eigen ZLIB::ZLIB)
set(STARGATE_THIRD_PARTY_server Boost::headers SQLite::SQLite3)
set(STARGATE_THIRD_PARTY_app CLI11::CLI11)

# -ffp-contract=off and no -ffast-math: same input, same bytes out, on any machine. -Wno-restrict,
# -Wno-stringop-overflow and -Wno-array-bounds: GCC 12 warns of its own std::string.
add_library(stargate_options INTERFACE)
target_compile_options(stargate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds>
  -ffp-contract=off $<$<BOOL:${STARGATE_WERROR}>:-Werror>)
if(STARGATE_SANITIZE)
  # Left out: checks at each use of a pointer, which double the code; the address sanitizer sees what goes wrong there.
  set(sanitizers -fsanitize=address,undefined,float-cast-overflow
    -fno-sanitize=null,alignment,object-size,vptr,nonnull-attribute,returns-nonnull-attribute)
  target_compile_options(stargate_options INTERFACE ${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(stargate_options INTERFACE ${sanitizers})
endif()
if(STARGATE_FUZZ)  # coverage counters in every library; the fuzzers alone link libFuzzer's main
  target_compile_options(stargate_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(stargate_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(stargate_options INTERFACE STARGATE_VERSION="${PROJECT_VERSION}")

# The library headers that most files include, compiled once: a fifth to a third of the time of a file. A compiler cache
# would tie every object to the bytes of this one, which differ from build to build, and find nothing again: none then.
# Only the build for users has it: every other then shows an include that is missing, and GCC 12 warns of its own
# std::string (stringop-overflow) when that comes out of a precompiled header, which -Werror would not forgive.
if(STARGATE_PRECOMPILE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  add_library(stargate_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cpp)
  target_link_libraries(stargate_precompiled PRIVATE stargate_options fmt::fmt)
  target_precompile_headers(stargate_precompiled PRIVATE
    <algorithm> <array> <cmath> <cstdint> <functional> <limits> <map> <memory> <numeric> <optional> <set> <span> <string>
    <string_view> <tuple> <utility> <variant> <vector> <fmt/format.h>)
endif()
function(stargate_precompile target)
  if(TARGET stargate_precompiled)
    target_precompile_headers(${target} REUSE_FROM stargate_precompiled)
  endif()
endfunction()

# Several sources of a module compiled as one file: a build from nothing takes a third of the time. The groups are made when
# CMake runs; where a source has since got a name that another of its group has too, run it again.
function(stargate_unity target)
  if(NOT STARGATE_UNITY)
    return()
  endif()
  find_program(STARGATE_PYTHON python3 PATHS /usr/bin REQUIRED)
  execute_process(COMMAND ${STARGATE_PYTHON} ${CMAKE_SOURCE_DIR}/cmake/unity_groups.py ${CMAKE_SOURCE_DIR} 8 ${ARGN}
                  OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" lines "${lines}")
  foreach(line IN LISTS lines)
    if(line MATCHES "^(.*) ([0-9]+)$")
      set_source_files_properties(${CMAKE_MATCH_1} PROPERTIES UNITY_GROUP ${target}_${CMAKE_MATCH_2})
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

add_custom_target(unit_tests)
function(stargate_module name)
  file(GLOB all CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/stargate/${name}/*.cpp)
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/stargate/${name}/*.hpp)
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  set(target stargate_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    set(visibility PUBLIC)
    if(NOT name STREQUAL "units")  # units knows no fmt
      stargate_precompile(${target})
    endif()
    stargate_unity(${target} ${sources})
  else()
    add_library(${target} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_link_libraries(${target} ${visibility} stargate_options)
  foreach(below IN LISTS ARGN)
    target_link_libraries(${target} ${visibility} stargate_${below})
  endforeach()
  if(sources AND STARGATE_THIRD_PARTY_${name})
    if(name STREQUAL "base")  # fmt formats for everybody above
      target_link_libraries(${target} PUBLIC ${STARGATE_THIRD_PARTY_${name}})
    else()
      target_link_libraries(${target} PRIVATE ${STARGATE_THIRD_PARTY_${name}})
    endif()
  endif()
  if(headers)  # every header compiles alone (checked by the target all_verify_interface_header_sets)
    target_sources(${target} ${visibility} FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${headers})
    set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  endif()
  if(EXISTS ${CMAKE_SOURCE_DIR}/stargate/${name}/main.cpp)
    add_executable(stargate ${CMAKE_SOURCE_DIR}/stargate/${name}/main.cpp)
    target_link_libraries(stargate PRIVATE ${target})
  endif()
  if(STARGATE_TESTS AND tests)
    add_executable(${target}_test ${tests} ${CMAKE_SOURCE_DIR}/tests/doctest_main.cpp)
    target_link_libraries(${target}_test PRIVATE ${target} doctest::doctest)
    if(NOT name STREQUAL "units")
      stargate_precompile(${target}_test)
    endif()
    stargate_unity(${target}_test ${tests})
    add_dependencies(unit_tests ${target}_test)
    add_test(NAME unit.${name} COMMAND ${target}_test "--test-suite-exclude=measured data")
    foreach(test IN LISTS tests)
      file(STRINGS ${test} reads_tree REGEX "STARGATE_SOURCE_DIR" LIMIT_COUNT 1)
      if(reads_tree AND STARGATE_UNITY)
        target_compile_definitions(${target}_test PRIVATE STARGATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
      elseif(reads_tree)  # the others compile to the same object in any folder
        set_property(SOURCE ${test} PROPERTY COMPILE_DEFINITIONS STARGATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
      endif()
      file(STRINGS ${test} reads_data REGEX "tests/measured_data.hpp" LIMIT_COUNT 1)
      if(reads_data AND NOT TEST data.${name})
        add_test(NAME data.${name} COMMAND ${target}_test "--test-suite=measured data")
        set_tests_properties(data.${name} PROPERTIES LABELS data SKIP_REGULAR_EXPRESSION "skipped: ")
      endif()
    endforeach()
  endif()
endfunction()

function(stargate_modules_from_layers)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/layers.txt)
  file(STRINGS ${CMAKE_SOURCE_DIR}/layers.txt lines REGEX "^[a-z]")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z]+):(.*)$" _ "${line}")
    set(name ${CMAKE_MATCH_1})
    separate_arguments(below UNIX_COMMAND "${CMAKE_MATCH_2}")
    stargate_module(${name} ${below})
    set(below_${name} ${below})
  endforeach()
  list(REMOVE_ITEM below_study planner)
  stargate_fingerprint(stargate_study rating_sources ${below_study} study)
  stargate_embed_report(stargate_questions)
  stargate_embed(stargate_server ui_html ${CMAKE_SOURCE_DIR}/web/ui/ui.html ui_css ${CMAKE_SOURCE_DIR}/web/ui/ui.css
                 ui_js ${CMAKE_SOURCE_DIR}/web/ui/ui.js)
  stargate_embed(stargate_measured measured_rules_csv ${CMAKE_SOURCE_DIR}/tools/measured_rules.csv)
endfunction()
