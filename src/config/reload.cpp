#include "config/reload.hpp"

#include "config/keys.hpp"
#include "config/value.hpp"

#include <algorithm>

namespace groomer::config {
namespace {

std::string comparable(Key const& key, Config const& config) {
    auto text = to_text(key.access.get(config));
    // A new password in the connection string is no other database.
    return key.form == &database_form ? redact_url(text) : text;
}

// Puts the running values back where only a restart can change them.
std::vector<std::string> keep_fixed(Config& fresh, Config const& running) {
    std::vector<std::string> notes;
    for (Key const& key : keys()) {
        if (!key.restart || key.type == Type::secret_file || comparable(key, fresh) == comparable(key, running)) continue;
        key.access.set(fresh, key.access.get(running));
        notes.push_back(std::string{key.path} + " has changed: it takes effect after a restart");
    }
    return notes;
}

// The secrets among the files of `now` that are not as in `before`.
std::vector<SecretReload> changed_secrets(std::vector<WatchedFile> const& before, std::vector<WatchedFile> const& now, bool ok) {
    std::vector<SecretReload> changed;
    for (WatchedFile const& file : now) {
        bool const same = std::find(before.begin(), before.end(), file) != before.end();
        if (!file.secret.empty() && !same) changed.push_back({file.secret, ok});
    }
    return changed;
}

}  // namespace

Reloader::Reloader(Source source, Loaded const& first)
    : source_{std::move(source)}, current_{first.config}, running_{first.files}, watched_{first.files} {}

std::variant<Unchanged, Reloaded, Failed> Reloader::check() {
    auto const now = look_again(watched_);
    if (now == watched_) return Unchanged{};
    auto attempt = try_load(source_);
    bool const ok = attempt.config.has_value();
    auto secrets = ok ? changed_secrets(running_, attempt.files, true) : changed_secrets(watched_, now, false);
    last_successful_ = ok;
    if (!ok) {
        watched_ = now;
        for (WatchedFile const& file : attempt.files) {
            auto const same = [&](WatchedFile const& other) { return other.path == file.path && other.secret == file.secret; };
            if (std::none_of(watched_.begin(), watched_.end(), same)) watched_.push_back(file);
        }
        return Failed{std::move(attempt.errors), std::move(secrets)};
    }
    running_ = watched_ = std::move(attempt.files);
    auto notes = keep_fixed(*attempt.config, current_);
    notes.insert(notes.end(), attempt.warnings.begin(), attempt.warnings.end());
    current_ = std::move(*attempt.config);
    return Reloaded{current_, std::move(secrets), std::move(notes)};
}

std::vector<std::string> secret_names() {
    std::vector<std::string> names;
    for (Key const& key : keys())
        if (key.type == Type::secret_file) names.emplace_back(key.path.substr(0, key.path.size() - 5));
    return names;
}

}  // namespace groomer::config
