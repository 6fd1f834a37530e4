#include "app/commands/commands.hpp"

#include "base/error.hpp"

#include <unistd.h>

namespace groomer::app {
namespace {

// What the configuration knows and this version does not do is refused, rather than passed over in silence.
void refuse_what_is_not_there_yet(config::Config const& config) {
    std::string problems;
    auto const refuse = [&](std::string const& key, std::string const& instead) {
        problems.append(problems.empty() ? "" : "\n").append(key).append(" is not in this version of groomer: ").append(instead);
    };
    for (auto const& repository : config.repositories) {
        auto const of = "repositories: " + repository.name + ": ";
        if (repository.tracker != "file") refuse(of + "tracker: " + repository.tracker, "use tracker: file with a path");
        if (repository.model.provider != "local") refuse(of + "model.provider: " + repository.model.provider, "use local");
        if (repository.policy.mode == config::Mode::suggest) refuse(of + "policy.mode: suggest", "use dry-run or apply");
        if (repository.policy.comments_enabled) refuse(of + "policy.comments.enabled", "leave it off");
        if (repository.policy.titles_and_bodies_enabled) refuse(of + "policy.titles_and_bodies.enabled", "leave it off");
        if (repository.policy.close_enabled) refuse(of + "policy.close.enabled", "leave it off");
    }
    if (!problems.empty()) throw Error{ErrorCode::config, problems};
}

}  // namespace

void set_log(config::LogSettings const& settings, Log& log) {
    LogLevel const level = settings.level == "debug"     ? LogLevel::debug
                           : settings.level == "warning" ? LogLevel::warning
                           : settings.level == "error"   ? LogLevel::error
                                                         : LogLevel::info;
    // A person who looks on reads text; whatever collects logs gets what is configured.
    log.set(level, settings.format == "text" || ::isatty(STDERR_FILENO) ? Log::Format::text : Log::Format::json);
}

config::Loaded configuration(CommandLine const& line, Log& log) {
    auto loaded = config::load(line.source);
    set_log(loaded.config.log, log);
    refuse_what_is_not_there_yet(loaded.config);
    for (auto const& warning : loaded.warnings) log.warning(warning, {{"component", "config"}});
    return loaded;
}

}  // namespace groomer::app
