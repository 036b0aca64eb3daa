# The build's vocabulary: parley_room, parley_engine, parley_program.
#
# A room is one folder under src/ and one static library parley_<name>; its tests make one program
# <name>_test, its benchmarks <name>_bench, each fuzzer one program of its file's name.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
set(PARLEY_TEST_DIRECTORY "${PROJECT_BINARY_DIR}/test")

find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_program(PARLEY_CCACHE ccache)
if(PARLEY_CCACHE)
  # Paths relative to the checkout: another clone of the same code finds the same objects.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}"
                                  CCACHE_NOHASHDIR=1 "${PARLEY_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
find_program(PARLEY_MOLD mold)

# Warnings, sanitizers and the linker, as interface targets that every target of ours links.
add_library(parley_options INTERFACE)
target_compile_options(
  parley_options INTERFACE -Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Wshadow=local>
                           -Werror=return-type -Wno-missing-field-initializers
                           $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
# GCC 12 takes the string of `"text" + std::string(...)` for one that overlaps itself when it inlines
# (its bug 105651, mended in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(parley_options INTERFACE -Wno-restrict)
endif()
target_link_libraries(parley_options INTERFACE Threads::Threads)
target_include_directories(parley_options INTERFACE "${PROJECT_SOURCE_DIR}/src")
if(PARLEY_MOLD)
  target_link_options(parley_options INTERFACE -fuse-ld=mold)
endif()
# A program loads only the libraries that it uses, however many its rooms know of.
target_link_options(parley_options INTERFACE -Wl,--as-needed)
if(PARLEY_SANITIZE)
  target_compile_options(parley_options INTERFACE -fsanitize=${PARLEY_SANITIZE}
                                                  -fno-omit-frame-pointer)
  target_link_options(parley_options INTERFACE -fsanitize=${PARLEY_SANITIZE})
  if(PARLEY_SANITIZE MATCHES "undefined")
    # Reads through null and past an object's end are AddressSanitizer's: to look for them twice
    # costs a sixth of the compile time. What `function` adds to a coroutine clang 14 cannot assemble.
    target_compile_options(
      parley_options INTERFACE -fno-sanitize-recover=undefined -fno-sanitize=null,object-size
                               $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function>)
  endif()
endif()

# What scripts build: all programs and engines; the unit tests; those of them that have threads, which
# ThreadSanitizer is for; those that run models; the fuzzers.
add_custom_target(programs)
add_custom_target(unit_tests)
add_custom_target(model_tests)
add_custom_target(tsan_tests)
add_custom_target(fuzzers)
set(PARLEY_THREADED base audio catalog dialogue engine gateway net perception registry router rpc
                    session supervisor worker engine_tone)

if(PARLEY_FUZZERS)
  target_compile_options(parley_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

if(PARLEY_TESTS)
  enable_testing()
  find_package(GTest REQUIRED)
  find_package(benchmark REQUIRED)
endif()

function(_parley_tests NAME)
  cmake_parse_arguments(T "" "TIMEOUT;LABEL" "TESTS;BENCHES;FUZZERS;LINK" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  if(PARLEY_SANITIZE)
    math(EXPR T_TIMEOUT "3 * ${T_TIMEOUT}") # what a sanitizer costs, by its authors
  endif()
  if(NOT T_LABEL)
    set(T_LABEL unit)
  endif()
  if(T_TESTS AND PARLEY_TESTS)
    add_executable(${NAME}_test ${T_TESTS})
    target_link_libraries(${NAME}_test PRIVATE ${T_LINK} parley_base_testing GTest::gmock)
    target_compile_definitions(${NAME}_test
                               PRIVATE PARLEY_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                       PARLEY_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
    set_target_properties(${NAME}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                                  "${PARLEY_TEST_DIRECTORY}")
    add_test(NAME ${NAME} COMMAND ${NAME}_test)
    set_tests_properties(${NAME} PROPERTIES LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT})
    if(TARGET ${T_LABEL}_tests)
      add_dependencies(${T_LABEL}_tests ${NAME}_test)
      if(NAME IN_LIST PARLEY_THREADED)
        set_property(TEST ${NAME} APPEND PROPERTY LABELS threads)
        add_dependencies(tsan_tests ${NAME}_test)
      endif()
    endif()
  endif()
  if(T_BENCHES AND PARLEY_TESTS)
    add_executable(${NAME}_bench ${T_BENCHES})
    target_link_libraries(${NAME}_bench PRIVATE ${T_LINK} benchmark::benchmark_main)
    target_compile_definitions(${NAME}_bench PRIVATE PARLEY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    set_target_properties(${NAME}_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                                   "${PARLEY_TEST_DIRECTORY}")
  endif()
  if(PARLEY_FUZZERS)
    foreach(fuzzer IN LISTS T_FUZZERS)
      cmake_path(GET fuzzer STEM stem)
      add_executable(${stem} ${fuzzer})
      add_dependencies(fuzzers ${stem})
      target_compile_options(${stem} PRIVATE -fsanitize=fuzzer)
      target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
      target_link_libraries(${stem} PRIVATE ${T_LINK})
      set_target_properties(${stem} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
                                               "${PROJECT_BINARY_DIR}/fuzz")
    endforeach()
  endif()
endfunction()

# parley_room(NAME turn SOURCES a.cc… DEPS base text… LIBS fmt::fmt… TESTS a_test.cc…)
#   SOURCES  the room's .cc files; without any, the room is headers only
#   DEPS     rooms that this room's headers or sources include
#   LIBS     libraries of others; PRIVATE_LIBS those that no header of the room shows
#   TESTING  .cc files of testing/ (fakes), made into parley_<name>_testing
#   TESTS, BENCHES, FUZZERS  their files; TEST_DEPS rooms or targets that only they need
#   TIMEOUT  seconds that the whole test program may take (120); LABEL unit (default), model
#            (runs models, thus takes its time) or integration
function(parley_room)
  cmake_parse_arguments(R "" "NAME;TIMEOUT;LABEL"
                        "SOURCES;DEPS;LIBS;PRIVATE_LIBS;TESTING;TESTS;BENCHES;FUZZERS;TEST_DEPS"
                        ${ARGN})
  if(R_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "parley_room(${R_NAME}): unknown arguments ${R_UNPARSED_ARGUMENTS}")
  endif()
  list(TRANSFORM R_DEPS PREPEND parley_)
  if(R_SOURCES)
    add_library(parley_${R_NAME} STATIC ${R_SOURCES})
    target_link_libraries(parley_${R_NAME} PUBLIC parley_options ${R_DEPS} ${R_LIBS}
                                           PRIVATE ${R_PRIVATE_LIBS})
  else()
    add_library(parley_${R_NAME} INTERFACE)
    target_link_libraries(parley_${R_NAME} INTERFACE parley_options ${R_DEPS} ${R_LIBS})
  endif()
  set(link parley_${R_NAME})
  if(R_TESTING)
    add_library(parley_${R_NAME}_testing STATIC EXCLUDE_FROM_ALL ${R_TESTING})
    target_link_libraries(parley_${R_NAME}_testing PUBLIC parley_${R_NAME})
    list(APPEND link parley_${R_NAME}_testing)
  endif()
  _parley_tests(${R_NAME} TESTS ${R_TESTS} BENCHES ${R_BENCHES} FUZZERS ${R_FUZZERS}
                LINK ${link} ${R_TEST_DEPS} TIMEOUT ${R_TIMEOUT} LABEL ${R_LABEL})
endfunction()

# parley_engine(NAME piper SOURCES main.cc… DEPS engine… LIBS … TESTS …)
#   Makes bin/parley-engine-<name> and bin/engines/<name>/engine.toml, which describes it, and the
#   library parley_engine_<name> of all but main.cc, which the tests link.
function(parley_engine)
  cmake_parse_arguments(E "" "NAME;TIMEOUT;LABEL" "SOURCES;DEPS;LIBS;TESTS;BENCHES;FUZZERS;TEST_DEPS"
                        ${ARGN})
  list(TRANSFORM E_DEPS PREPEND parley_)
  add_library(parley_engine_${E_NAME} STATIC ${E_SOURCES})
  target_include_directories(parley_engine_${E_NAME} PUBLIC "${PROJECT_SOURCE_DIR}/engines/cpp")
  target_link_libraries(parley_engine_${E_NAME} PUBLIC parley_options ${E_DEPS} ${E_LIBS})
  add_executable(parley-engine-${E_NAME} main.cc)
  target_link_libraries(parley-engine-${E_NAME} PRIVATE parley_engine_${E_NAME})
  add_dependencies(programs parley-engine-${E_NAME})
  configure_file(engine.toml "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/engines/${E_NAME}/engine.toml" @ONLY)
  _parley_tests(engine_${E_NAME} TESTS ${E_TESTS} BENCHES ${E_BENCHES} FUZZERS ${E_FUZZERS}
                LINK parley_engine_${E_NAME} ${E_TEST_DEPS} TIMEOUT ${E_TIMEOUT} LABEL ${E_LABEL})
endfunction()

# parley_program(NAME parley-gateway SOURCES main.cc DEPS gateway…)
function(parley_program)
  cmake_parse_arguments(P "" "NAME" "SOURCES;DEPS;LIBS" ${ARGN})
  list(TRANSFORM P_DEPS PREPEND parley_)
  add_executable(${P_NAME} ${P_SOURCES})
  target_link_libraries(${P_NAME} PRIVATE parley_options ${P_DEPS} ${P_LIBS})
  add_dependencies(programs ${P_NAME})
endfunction()
