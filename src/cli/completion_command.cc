#include "cli/completion_command.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <map>
#include <memory>
#include <vector>

namespace parley::cli {
namespace {

struct Node {
  std::string path;                                        // " models pull"; empty: parley itself
  std::vector<std::pair<std::string, std::string>> words;  // word, what it is
};

void Collect(const CLI::App& app, const std::string& path, std::vector<Node>& nodes) {
  Node node{.path = path};
  for (const CLI::App* command : app.get_subcommands({})) {
    node.words.emplace_back(command->get_name(), command->get_description());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      node.words.emplace_back("--" + name, option->get_description());
    }
  }
  nodes.push_back(std::move(node));
  for (const CLI::App* command : app.get_subcommands({})) {
    Collect(*command, path + " " + command->get_name(), nodes);
  }
}

std::string BashScript(const std::vector<Node>& nodes) {
  std::string paths;
  std::string cases;
  for (const Node& node : nodes) {
    if (!node.path.empty()) paths += (paths.empty() ? "\"" : "|\"") + node.path + "\"";
    cases += fmt::format("    \"{}\") words=\"", node.path);
    for (const auto& [word, description] : node.words) cases += word + " ";
    cases += "\" ;;\n";
  }
  return fmt::format(
      "_parley() {{\n"
      "  local at=\"\" words=\"\" current=\"${{COMP_WORDS[COMP_CWORD]}}\" i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case \"$at ${{COMP_WORDS[i]}}\" in\n"
      "      {}) at=\"$at ${{COMP_WORDS[i]}}\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$at\" in\n{}  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "  if [ ${{#COMPREPLY[@]}} -eq 0 ]; then COMPREPLY=($(compgen -f -- \"$current\")); fi\n"
      "}}\n"
      "complete -o filenames -F _parley parley\n",
      paths, cases);
}

// Single quotes of fish know two escapes.
std::string FishQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "'";
}

std::string FishScript(const std::vector<Node>& nodes) {
  std::string script;
  for (const Node& node : nodes) {
    const std::string condition =
        node.path.empty() ? "__fish_use_subcommand"
                          : "__fish_seen_subcommand_from" + node.path.substr(node.path.rfind(' '));
    for (const auto& [word, description] : node.words) {
      const bool is_option = word.starts_with("--");
      script += fmt::format("complete -c parley -n {} {} {} -d {}\n", FishQuoted(condition),
                            is_option ? "-l" : "-f -a", is_option ? word.substr(2) : word,
                            FishQuoted(description));
    }
  }
  return script;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, Shell shell) {
  std::vector<Node> nodes;
  Collect(app, "", nodes);
  if (shell == Shell::kFish) return FishScript(nodes);
  const std::string script = BashScript(nodes);
  if (shell == Shell::kBash) return script;
  return "#compdef parley\nautoload -U +X bashcompinit && bashcompinit\n" + script;
}

void AddCompletionCommand(CLI::App& app, Context& context) {
  CLI::App& command = *app.add_subcommand("completion", "Print the completion script of a shell");
  auto shell = std::make_shared<std::string>();
  static const std::map<std::string, Shell> names{
      {"bash", Shell::kBash}, {"zsh", Shell::kZsh}, {"fish", Shell::kFish}};
  command.add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  SetExamples(command,
              "  source <(parley completion bash)\n"
              "  parley completion fish > ~/.config/fish/completions/parley.fish\n");
  SetWork(command, context, [&app, shell]() -> Result<int> {
    fmt::print("{}", CompletionScript(app, names.at(*shell)));
    return kDone;
  });
}

}  // namespace parley::cli
