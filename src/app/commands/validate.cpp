#include "app/commands/commands.hpp"
#include "app/run_to_end.hpp"
#include "app/service.hpp"
#include "base/error.hpp"

#include <iostream>
#include <map>
#include <set>
#include <string>

namespace groomer::app {
namespace {

// As the first sync would: what is wrong with a backlog is said before anything starts.
Task<std::string> read_through(std::shared_ptr<tracker::Tracker> tracker) {
    std::size_t issues = 0, skipped = 0;
    std::string example, cursor;
    for (bool last = false; !last;) {
        auto const page = co_await tracker->changes(cursor, 500);
        issues += page.issues.size();
        skipped += page.skipped;
        if (example.empty()) example = page.skipped_example;
        cursor = page.cursor;
        last = page.last;
    }
    auto said = std::to_string(issues) + (issues == 1 ? " issue" : " issues");
    if (skipped > 0) said += ", " + std::to_string(skipped) + " entries that cannot be used, the first: " + example;
    co_return said;
}

// What is wrong, over all repositories: the first is not the only one to mend.
struct Problems {
    std::string sentences;
    ErrorCode code = ErrorCode::failure;

    void add(std::string const& sentence, ErrorCode which) {
        sentences.append(sentences.empty() ? "" : "\n").append(sentence);
        if (which == ErrorCode::credentials) code = which;
    }
};

// In a line: where the tracker has a quicker way than reading all, by that. "" where there is nothing good to say.
Task<std::string> look_at(groom::Entry const& entry, Problems& problems) {
    bool const writes = entry.settings.policy.mode != config::Mode::dry_run;
    auto examining = entry.tracker->examine(writes);
    auto const findings = co_await std::move(examining);
    if (!findings) {
        auto reading = read_through(entry.tracker);
        co_return co_await std::move(reading);
    }
    for (auto const& sentence : findings->refusals) problems.add(sentence, ErrorCode::credentials);
    for (auto const& sentence : findings->obstacles) problems.add(sentence, ErrorCode::failure);
    bool const good = findings->refusals.empty() && findings->obstacles.empty();
    std::string said = !good ? "" : writes ? "it can be read, and written to" : "it can be read, and a dry run does nothing else";
    for (auto const& sentence : findings->remarks) said.append(said.empty() ? "" : "; ").append(sentence);
    co_return said;
}

Task<bool> check_trackers(Service& service, Problems& problems) {
    for (auto const& entry : service.entries()) {
        std::string said;
        try {
            auto looking = look_at(entry, problems);
            said = co_await std::move(looking);
        } catch (Error const& error) {
            problems.add(error.what(), error.code());
        }
        if (!said.empty()) std::cout << entry.settings.name << ": " << said << '\n';
    }
    co_return true;
}

// Each way to a model once, whichever repositories it serves.
Task<bool> check_models(Service& service, Problems& problems) {
    std::set<model::Endpoint const*> seen;
    for (auto const& entry : service.entries()) {
        auto const endpoint = service.models().endpoint(entry.settings.model);
        if (!endpoint || !seen.insert(endpoint.get()).second) continue;
        auto const name = entry.settings.model.provider + "/" + entry.settings.model.name;
        auto examining = endpoint->examine();
        auto const [problem, told] = co_await std::move(examining);
        if (problem)
            problems.add(name + " cannot be used: " + problem->why + "; are model.base_url and model.api_key_file right?",
                         problem->refused ? ErrorCode::credentials : ErrorCode::failure);
        else if (told) std::cout << name << ": the provider takes our credentials\n";
        else std::cout << name << ": it answers, and has no list of models: whether it takes our credentials, the first question tells\n";
    }
    co_return true;
}

// What people alone set: once where it is the same everywhere.
void tell_never_set(config::Config const& config) {
    std::map<std::string, std::string> told;  // by list, the repositories
    for (auto const& repository : config.repositories) {
        std::string labels;
        for (auto const& family : repository.policy.labels)
            for (auto const& label : family.never_set) labels.append(labels.empty() ? "" : ", ").append(label);
        auto& names = told[labels.empty() ? "nothing" : labels];
        names.append(names.empty() ? "" : ", ").append(repository.name);
    }
    for (auto const& [labels, names] : told)
        std::cout << (told.size() > 1 ? names + ": " : "") << "never set by groomer, left to people: " << labels << '\n';
}

}  // namespace

int validate(CommandLine const& line, Log& log) {
    auto const loaded = configuration(line, log);
    std::cout << "the configuration is valid: " << loaded.config.repositories.size() << " repositories\n";
    tell_never_set(loaded.config);
    if (!line.online) return 0;
    asio::io_context context{1};
    Service service{loaded.config, without_slot(line), log, context};
    auto const state = run_to_end(context, service.schema());
    std::cout << "the database answers; ";
    if (state.found == 0) std::cout << "it has no groomer schema yet: run and migrate make it\n";
    else std::cout << "its schema is version " << state.found << " of " << state.wanted << '\n';
    if (auto const& table = service.shared_table().name; !table.empty()) std::cout << "the locks are rows of " << table << '\n';
    Problems problems;
    run_to_end(context, check_trackers(service, problems));
    run_to_end(context, check_models(service, problems));
    if (!problems.sentences.empty()) throw Error{problems.code, problems.sentences};
    return 0;
}

}  // namespace groomer::app
