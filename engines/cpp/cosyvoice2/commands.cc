#include "cosyvoice2/commands.h"

#include <span>
#include <string_view>
#include <vector>

#include "cosyvoice2/goldens/goldens_command.h"
#include "cosyvoice2/load_models.h"
#include "cosyvoice2/pack/make_test_pack.h"
#include "cosyvoice2/voice/voice_command.h"

namespace parley::cosyvoice2 {
namespace {

struct Command {
  std::string_view name;
  std::string_view help;
  int (*run)(std::span<const std::string_view> arguments);
};

constexpr Command kCommands[] = {
    {"goldens", "goldens …                 compares this engine with the official model's results",
     RunGoldensCommand},
    {"make-test-pack", "make-test-pack …          writes a model folder with weights made up",
     RunMakeTestPackCommand},
    {"convert", "convert …                 keeps converted weights, for engines that may not write",
     RunConvertCommand},
    {"voice", "voice add|list|rm …       makes a voice from a recording, lists and removes voices",
     RunVoiceCommand},
};

}  // namespace

std::optional<int> RunCommand(int argc, const char* const* argv) {
  if (argc < 2) return std::nullopt;
  const std::vector<std::string_view> arguments(argv + 2, argv + argc);
  for (const Command& command : kCommands) {
    if (command.name == argv[1]) return command.run(arguments);
  }
  return std::nullopt;
}

std::string CommandsHelp() {
  std::string help = "Commands of parley-engine-cosyvoice2:\n";
  for (const Command& command : kCommands) help.append("  ").append(command.help).append("\n");
  return help;
}

}  // namespace parley::cosyvoice2
