// Arguments → command → exit status.
#include "app/commands/commands.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "config/keys.hpp"

#include <CLI/CLI.hpp>

#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using groomer::app::CommandLine;

constexpr auto examples = R"(Examples:
  groomer validate --config groomer.yaml            check the configuration
  groomer run --config groomer.yaml                 the controller, until SIGTERM
  groomer once --config groomer.yaml --dry-run      one tick, nothing written to the tracker
  groomer explain octocat/hello-world#7             why an issue is, or is not, due
  groomer labels --repo octocat/hello-world         which configured labels it lacks; --create makes them
  groomer lock status                               who works now, and who did
  groomer undo --since 2h --dry-run                 what would be taken back of the last two hours; without --dry-run it is

Every key but repositories and families of labels is also a flag and a variable: --lock.ttl and GROOMER_LOCK_TTL are lock.ttl.
Exit status: 0 done or nothing to do, 1 failure, 2 usage, 3 configuration, 4 database or schema, 5 credentials refused,
75 the lock is held by another (once, undo).)";

constexpr std::string_view commands[]{"run", "once", "explain", "labels", "validate", "migrate", "undo", "version", "status", "release"};
constexpr auto key_flags = "keys of the configuration";

// Fifty flags that are keys of the configuration would hide the others in the help.
class Formatter : public CLI::Formatter {
    std::string make_group(std::string group, bool is_positional, std::vector<CLI::Option const*> options) const override {
        return group == key_flags ? "" : CLI::Formatter::make_group(std::move(group), is_positional, std::move(options));
    }
};

struct Commands {
    CLI::App app{"Keeps the issue backlogs of repositories groomed; any number of replicas, one at work.", "groomer"};
    CommandLine line;
    std::function<int(groomer::Log&)> chosen;

    CLI::App* add(CLI::App& parent, char const* name, char const* help, int (*command)(CommandLine const&, groomer::Log&)) {
        auto* sub = parent.add_subcommand(name, help);
        sub->add_option("--config", line.source.path, "The YAML file")->envname("GROOMER_CONFIG");
        add_keys(sub);
        sub->callback([this, command] { chosen = [this, command](groomer::Log& log) { return command(line, log); }; });
        return sub;
    }

    // Every key of the configuration is a flag, too.
    void add_keys(CLI::App* sub) {
        for (auto const& key : groomer::config::keys()) {
            if (key.access.set == nullptr) continue;
            std::string const path{key.path};
            auto set = [this, path](std::string const& text) { line.source.flags[path] = text; };
            sub->add_option_function<std::string>("--" + path, set)->group(key_flags);
        }
    }

    static void add_json(CLI::App* sub, CommandLine& line) {
        sub->add_option_function<std::string>(
               "--output", [&line](std::string const& form) { line.json = form == "json"; }, "text or json")
            ->check(CLI::IsMember({"text", "json"}));
    }

    Commands() {
        app.formatter(std::make_shared<Formatter>());
        app.footer(examples);
        app.require_subcommand(1);
        add(app, "run", "The controller: serves HTTP and works until SIGTERM", groomer::app::run);
        auto* once = add(app, "once", "Syncs what is stale, then one tick; 75 where the lock is held", groomer::app::once);
        once->add_option("--repo", line.repo, "Only this repository, OWNER/NAME");
        once->add_option("--issue", line.issue, "Only this issue of --repo, due or not")
            ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 53));
        once->add_flag("--force", line.force, "Take what is not due as well, and decide anew (pays again)");
        once->add_flag("--dry-run", line.dry_run, "Plan, and write nothing to the tracker");
        add_json(once, line);
        auto* explain = add(app, "explain", "Why an issue is, or is not, due, and what was decided when", groomer::app::explain);
        explain->add_option("issue", line.issue_ref, "OWNER/NAME#NUMBER")->required();
        add_json(explain, line);
        auto* labels = add(app, "labels", "Which configured labels a repository lacks", groomer::app::labels);
        labels->add_option("--repo", line.repo, "The repository, OWNER/NAME")->required();
        labels->add_flag("--create", line.create, "Make them");
        auto* lock = app.add_subcommand("lock", "Who holds the row, and a guarded manual release");
        lock->require_subcommand(1);
        auto* status = add(*lock, "status", "Who holds it, since when, until when, the last holds", groomer::app::lock_status);
        status->add_option("--lock", line.lock, "Its id; the configured one by default");
        add_json(status, line);
        auto* release = add(*lock, "release", "Frees the row, if it still is what you saw", groomer::app::lock_release);
        release->add_option("--lock", line.lock, "Its id; the configured one by default");
        release->add_option("--term", line.term, "The term that holds it");
        release->add_option("--token", line.token, "The token that holds it");
        auto* undo = add(app, "undo", "Takes back what runs did and is still groomer's; 75 where the lock is held", groomer::app::undo);
        auto const number = CLI::Range(std::int64_t{1}, std::numeric_limits<std::int64_t>::max());
        undo->add_option("--run", line.run, "What this run did; `explain` names runs")->check(number);
        undo->add_option("--issue", line.issue_ref, "All that was done to this issue, OWNER/NAME#NUMBER");
        undo->add_option("--since", line.since, "All since a time like 2026-01-31T22:00:00Z, or so long ago, like 2h");
        undo->add_flag("--dry-run", line.dry_run, "Say what would be taken back, and write nothing");
        add_json(undo, line);
        auto* validate = add(app, "validate", "Checks the configuration, naming line and column", groomer::app::validate);
        validate->add_flag("--online", line.online, "Also the database, and each tracker");
        auto* migrate = add(app, "migrate", "Applies the schema", groomer::app::migrate);
        migrate->add_flag("--check", line.check, "Only say whether it is up to date");
        auto* version = app.add_subcommand("version", "What this binary is");
        add_json(version, line);
        version->callback([this] { chosen = [this](groomer::Log&) { return groomer::app::print_version(line); }; });
    }
};

// In one line, and naming the word that is no command.
std::string what_is_wrong(CLI::ParseError const& error, int argc, char** argv) {
    bool const missing = dynamic_cast<CLI::RequiredError const*>(&error) != nullptr;
    bool const of_lock = argc > 1 && std::string_view{argv[1]} == "lock";
    int const at = of_lock ? 2 : 1;  // where the command's name, or the rest of it, stands
    std::string_view const word = argc > at ? argv[at] : "";
    bool const known = std::any_of(std::begin(commands), std::end(commands), [&](auto name) { return name == word; });
    if (missing && of_lock && word.empty()) return "lock needs status or release";
    if (missing && !known && !word.empty() && !word.starts_with('-'))
        return std::string{"there is no command "} + (of_lock ? "lock " : "") + std::string{word};
    return groomer::describe(std::make_exception_ptr(std::runtime_error{error.what()}));
}

// What it names may be a stranger's: an argument, a trigger of the database. Several problems stand on lines of their own.
void tell(std::exception const& error) {
    constexpr std::size_t longest = 8000;
    std::cerr << "groomer: " << groomer::truncate_utf8(groomer::clean_text(error.what()), longest) << '\n';
}

int guarded(std::function<int(groomer::Log&)> const& command, groomer::Log& log) {
    try {
        int const status = command(log);
        // A result that did not reach its reader (a full disk, a closed pipe) is none.
        if (!std::cout.flush()) throw groomer::Error{groomer::ErrorCode::failure, "standard output cannot be written"};
        return status;
    } catch (groomer::Error const& error) {
        tell(error);
        return error.exit_status();
    } catch (std::exception const& error) {
        tell(error);
        return 1;
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    ::mallopt(M_ARENA_MAX, 2);  // an arena for each of a dozen threads that mostly wait would double the memory of a standby
    Commands commands;
    try {
        commands.app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        if (error.get_exit_code() == 0) return commands.app.exit(error);  // --help
        std::cerr << "groomer: " << groomer::one_line(what_is_wrong(error, argc, argv), 500) << "; groomer --help tells what there is\n";
        return static_cast<int>(groomer::ErrorCode::usage);
    }
    commands.line.source.environment = groomer::config::process_environment();
    groomer::Log log{std::cerr, groomer::LogLevel::info, groomer::Log::Format::json};
    return guarded(commands.chosen, log);
}
