#include "app/commands/commands.hpp"

#include "base/error.hpp"
#include "groom/verdict.hpp"
#include "model/context.hpp"
#include "pg/session.hpp"
#include "tracker/file/file_tracker.hpp"

#include <unistd.h>

namespace groomer::app {
namespace {

using config::Repository;

// What the configuration knows and this version, or an entry's tracker, does not do is refused, rather than passed over in silence.
std::vector<config::Unsupported> not_done() {
    std::string const no_comments = "needs comments, which the tracker file does not have";
    auto const suggests = [](Repository const& r) { return r.tracker == "file" && r.policy.mode == config::Mode::suggest; };
    auto const comments = [](Repository const& r) { return r.tracker == "file" && r.policy.comments_enabled; };
    auto const texts = [](Repository const& r) { return r.tracker == "file" && r.policy.titles_and_bodies_enabled; };
    auto const closes = [](Repository const& r) { return r.policy.close_enabled && !r.policy.comments_enabled; };
    auto const forgets = [](Repository const& r) { return r.policy.close_enabled && r.policy.retention < std::chrono::hours{24 * 15}; };
    auto const no_room = [](Repository const& r) {
        return r.model.provider != "local" && r.model.context_limit < model::least_limit(groom::asked_of(r.policy, {}));
    };
    return {{"model.context_limit", no_room, "raise it, or give the labels shorter meanings",
             "leaves no room for an issue beside the instructions and the labels"},
            {"policy.mode", suggests, "use dry-run or apply", no_comments},
            {"policy.comments.enabled", comments, "switch it off for this repository", no_comments},
            {"policy.titles_and_bodies.enabled", texts, "switch it off for this repository", "needs a tracker whose issues can be edited"},
            {"policy.close.enabled", closes, "switch policy.comments on for this repository, or this off",
             "announces in a comment what it closes, which needs policy.comments.enabled"},
            {"policy.retention", forgets, "keep 15d or more, or switch policy.close off",
             "forgets what was announced before its 14 days are over"}};
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

std::map<std::string, std::string> without_slot(CommandLine const& line) {
    auto environment = line.source.environment;
    environment.erase("GROOMER_SLOT_DIR");
    return environment;
}

config::Source source(CommandLine const& line) {
    auto source = line.source;
    source.unsupported = not_done();
    source.writes = [](Repository const& repository) -> std::vector<std::string> {
        if (repository.tracker != "file") return {};
        return {tracker::file::effects_path(repository.path), tracker::file::labelled_path(repository.path)};
    };
    source.connects = [](std::string const& url) {
        try {
            return !pg::connection_string({url, "", ""}).empty();
        } catch (Error const&) {
            return false;
        }
    };
    return source;
}

config::Loaded configuration(CommandLine const& line, Log& log) {
    auto loaded = config::load(source(line));
    set_log(loaded.config.log, log);
    for (auto const& warning : loaded.warnings) log.warning(warning, {{"component", "config"}});
    return loaded;
}

}  // namespace groomer::app
