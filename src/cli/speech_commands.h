// parley say, parley transcribe: the REST audio endpoints of a running server, from the shell.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.h"

namespace parley::cli {

void AddSayCommand(CLI::App& app, Context& context);
void AddTranscribeCommand(CLI::App& app, Context& context);

// "wav", "mp3" or "pcm" by the ending of a file's name; kInvalidArgument names what there is.
Result<std::string> AudioFormatOf(const std::string& path);

// A multipart/form-data body (RFC 7578) of a file and a few fields. `boundary` occurs in none.
std::string TranscriptionForm(std::string_view boundary, std::string_view file_name,
                              std::string_view audio, std::string_view model,
                              std::string_view language, std::string_view format);

}  // namespace parley::cli
