#include "program_key.h"

namespace movies {
namespace {

constexpr char kDemoKey[] = "everybody can read this key, so it is none";

}  // namespace

absl::StatusOr<SigningKey> ProgramKey(const std::string& path,
                                      const support::ConsoleLog& log) {
  if (!path.empty()) return SigningKey::FromFile(path);
  log.Say("Tokens: demo key, not for real use. --key_file takes your own.");
  return SigningKey::Create(kDemoKey);
}

}  // namespace movies
