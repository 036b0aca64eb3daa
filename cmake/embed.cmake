# Turns files into one C++ source: run as `cmake -DOUT=x.cc -DNAMESPACE=a::b -DFOLDER=dir
# "-DFILES=one;two" -P embed.cmake`. Defines `const EmbeddedFile kEmbeddedFiles[]` and its count.
set(text "// Made by cmake/embed.cmake.\n#include \"gateway/internal/embedded_file.h\"\n\n")
string(APPEND text "namespace ${NAMESPACE} {\nnamespace {\n\n")
set(rows "")
set(index 0)
foreach(file IN LISTS FILES)
  file(READ "${FOLDER}/${file}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND text "constexpr unsigned char kBytes${index}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${file}\", {reinterpret_cast<const char*>(kBytes${index}), "
                     "sizeof kBytes${index} - 1}},\n")
  math(EXPR index "${index} + 1")
endforeach()
string(APPEND text "\n}  // namespace\n\nconst EmbeddedFile kEmbeddedFiles[] = {\n${rows}};\n")
string(APPEND text "const size_t kEmbeddedFileCount = ${index};\n\n}  // namespace ${NAMESPACE}\n")
file(WRITE "${OUT}" "${text}")
