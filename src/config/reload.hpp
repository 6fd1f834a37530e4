// Takes over a changed file or secret without a restart: read again, checked and swapped as a whole. A bad one keeps the
// old configuration. Changes are found by content, so Kubernetes may swap its ..data link under the paths.
#pragma once

#include "config/load.hpp"

#include <string>
#include <variant>
#include <vector>

namespace groomer::config {

struct SecretReload {
    std::string secret;  // github.token
    bool ok;
};

struct Unchanged {};
struct Reloaded {
    Config config;
    std::vector<SecretReload> secrets;  // those whose file changed
    std::vector<std::string> notes;     // what waits for a restart, and warnings: one sentence each
};
struct Failed {
    std::string sentence;
    std::vector<SecretReload> secrets;
};

// Not for several threads; reads files, so call it where that may block.
class Reloader {
public:
    // first: what `source` gave at the start.
    Reloader(Source source, Loaded const& first);

    // A failure is reported once, and again only when a file has changed since.
    std::variant<Unchanged, Reloaded, Failed> check();

    [[nodiscard]] Config const& current() const { return current_; }
    [[nodiscard]] bool last_successful() const { return last_successful_; }

private:
    Source source_;
    Config current_;
    std::vector<WatchedFile> running_;  // what current_ was made of
    std::vector<WatchedFile> watched_;  // as last looked at; after a failure also what was asked for in vain
    bool last_successful_ = true;
};

// The names of all secrets, for metrics that start at 0.
std::vector<std::string> secret_names();

}  // namespace groomer::config
