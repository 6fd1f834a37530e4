#include "github_faults/world.hpp"

#include "github_faults/judge.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace groomer::github_faults {
namespace {

using namespace std::chrono_literals;
using fake_github::State;
namespace fs = std::filesystem;
namespace json = boost::json;

constexpr auto look_every = 20ms;
constexpr auto stir_every = 700ms;
constexpr auto patience_for_fault = 6s;  // then the round goes on without it
constexpr auto patience_for_rest = 60s;
constexpr auto lasting = 700ms;

std::string text_of(json::object const& object, std::string_view key) {
    auto const* value = object.if_contains(key);
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

Director::Settings settings_of(WorldOptions const& options, std::chrono::milliseconds write_patience) {
    Director::Settings settings;
    settings.write_patience = write_patience;
    settings.names_file = options.folder + "/no-names";
    settings.seed = options.seed;
    settings.families = {
        {"type", {"type/bug", "type/feature", "type/question"}, {}},
        {"priority", {"priority/p0", "priority/p1", "priority/p2", "priority/p3"}, {"priority/p0"}},
        {"status", {"status/ready", "status/needs-info", "status/backlog", "status/blocked", "status/done"}, {}},
    };
    return settings;
}

std::string without_suffix(std::string name) {
    constexpr std::string_view suffix = "-of-old";
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    return name;
}

}  // namespace

World::World(WorldOptions options, std::chrono::milliseconds write_patience, bool writers)
    : options_{std::move(options)},
      random_{options_.seed},
      director_{settings_of(options_, write_patience)},
      server_{{.watcher = &director_}} {
    director_.attach(server_);
    history_.families = director_.settings().families;
    history_.writers = writers;
    std::ifstream file{std::string{GROOMER_SOURCE_DIR} + "/deploy/local/sample-backlog.json"};
    std::ostringstream text;
    text << file.rdbuf();
    auto const samples = json::parse(text.str());
    for (auto const& issue : samples.as_array()) samples_.push_back(issue.as_object());
    server_.with_state([&](State& state) {
        state.options.base_url = "http://github.test:" + std::to_string(server_.port());
        state.limits.options = {.per_hour = 0, .points_per_minute = 0, .at_once = 0, .content_per_minute = 0, .content_per_hour = 0};
        state.add_repository("elsewhere/attic");
    });
}

void World::begin_backlog(std::size_t first, std::size_t count, std::string const& name) {
    server_.with_state([&](State& state) {
        auto& repository = state.add_repository(name);
        director_.know(name, repository.id);
        history_.repositories.insert(name);
        for (auto const& family : history_.families)
            for (auto const& label : family.labels) state.add_label(repository, {.name = label});
        for (auto const* label : {"needs-triage", "theirs", "ours"}) state.add_label(repository, {.name = label});
        for (std::size_t i = first; i < first + count; ++i) {
            auto const& sample = samples_[i % samples_.size()];
            std::vector<std::string> labels;
            for (auto const& label : sample.at("labels").as_array()) labels.push_back(text_of(label.as_object(), "name"));
            state.add_issue(repository, {.title = text_of(sample, "title"), .body = text_of(sample, "body"), .labels = labels});
        }
    });
}

// Secrets are told apart from all else that could be in a log.
void World::write_token() {
    token_ = "ghp_world" + std::to_string(options_.number) + "secret" + std::to_string(++tokens_) + "x" + std::to_string(random_());
    secrets_.push_back(token_);
    server_.with_state([&](State& state) { state.access.add_token(token_, {.login = "groomer"}); });
    auto const path = options_.folder + "/token";
    std::ofstream{path + ".new"} << token_ << "\n";
    fs::rename(path + ".new", path);
}

std::unique_ptr<test::Process> World::start(std::vector<std::string> const& words) {
    auto const number = ++processes_;
    auto const slot = std::to_string(number % 2);
    std::map<std::string, std::string> const environment{
        {"LD_PRELOAD", fs::read_symlink("/proc/self/exe").parent_path().string() + "/libgithub_faults_names.so"},
        {"FAULTY_NAMES_FILE", director_.settings().names_file},
        {"GROOMER_POD_UID", "world-" + std::to_string(options_.number) + "-" + slot},
        {"GROOMER_CONTAINER", "groomer"},
        {"POD_NAME", "replica-" + slot}};
    auto process = std::make_unique<test::Process>(words, log_of(number), environment);
    director_.started(number, process->pid());
    return process;
}

void World::process_gone(int number) { director_.reaped(number); }

void World::read_effects() {
    auto const lines = server_.with_state([&](State& state) {
        auto const& all = state.effects.lines();
        return std::vector(all.begin() + static_cast<std::ptrdiff_t>(history_.effects.size()), all.end());
    });
    for (auto const& text : lines) {
        auto const line = json::parse(text).as_object();
        Effect effect;
        effect.place = history_.effects.size();
        effect.repository = without_suffix(text_of(line, "repository"));
        if (auto const* issue = line.if_contains("issue")) effect.issue = issue->to_number<std::int64_t>();
        effect.what = text_of(line, "what");
        effect.label = text_of(line, "label");
        effect.body = text_of(line, "after");
        effect.request = text_of(line, "request_id");
        effect.ours = !effect.request.empty();
        auto const term = text_of(line, "term");
        effect.term = term.empty() ? 0 : std::stoll(term);
        history_.effects.push_back(std::move(effect));
    }
}

IssueNow World::now_of(State& state, std::string const& name, fake_github::Issue const& issue) const {
    IssueNow now;
    now.repository = name;
    now.number = issue.number;
    now.title = issue.title;
    now.body = issue.body;
    now.open = issue.open;
    for (auto& label : state.label_names(*director_.repository(state, name), issue)) now.labels.insert(std::move(label));
    if (!issue.history) return now;
    constexpr std::string_view mark = "<!-- groomer:";
    for (auto const& comment : issue.history->comments) {
        auto const begin = comment.body.find(mark);
        if (begin == std::string::npos || state.user(comment.user).login == "maintainer") continue;
        auto const name_begin = begin + mark.size();
        now.comments[comment.body.substr(name_begin, comment.body.find(' ', name_begin) - name_begin)].push_back(comment.body);
    }
    return now;
}

void World::run(Schedule& schedule) {
    schedule_ = &schedule;
    set_up();
    director_.clear();
    while (auto const plan = schedule.next(history_.writers)) play(*plan);
    tear_down();
    look_for_secrets();
}

void World::play(RoundPlan const& plan) {
    random_.seed(plan.seed);
    Round round;
    round.number = plan.number;
    round.began = moment_now();
    for (auto const& [kind, point] : plan.faults) {
        round.faults.push_back(kind->name);
        director_.arm(*kind, point);
    }
    wait_until_struck(round, plan.faults.size());
    wait_until_settled(round);
    round.ended = moment_now();
    if (options_.verbose || !round.unsettled.empty()) {
        std::string told;
        for (auto const& name : round.faults) told += (told.empty() ? "" : " + ") + name;
        std::printf("# world %d, round %d: %s: %zu of %zu struck, %.1f s%s\n", options_.number, round.number, told.c_str(),
                    round.struck.size(), round.faults.size(), static_cast<double>((round.ended - round.began).count()) / 1e6,
                    round.unsettled.empty() ? "" : ", NOT AT REST");
        for (auto const& sentence : round.unsettled) std::printf("#   %s\n", sentence.c_str());
        std::fflush(stdout);
    }
    history_.rounds.push_back(std::move(round));
}

// Whenever all is at rest and nothing struck, there is more to do.
void World::wait_until_struck(Round& round, std::size_t wanted) {
    auto const end = moment_now() + patience_for_fault;
    while (round.struck.size() < wanted && moment_now() < end) {
        stimulate();
        auto const soon = moment_now() + stir_every;
        do {
            schedule_->throw_if_interrupted();
            std::this_thread::sleep_for(look_every);
            bool const idle = attend();
            round.struck = director_.struck();
            if (idle && history_.writers) break;
        } while (round.struck.size() < wanted && moment_now() < soon);
    }
    // What lasts goes on for a while, and until somebody has met it.
    auto const over = moment_now() + (director_.lasting() ? lasting : 0ms);
    while (moment_now() < over) {
        attend();
        std::this_thread::sleep_for(look_every);
    }
    director_.clear();
}

void World::wait_until_settled(Round& round) {
    auto const end = moment_now() + patience_for_rest;
    for (;;) {
        schedule_->throw_if_interrupted();
        bool const attended = attend();
        auto unsettled = attended ? still_unsettled() : std::vector<std::string>{"somebody is at work"};
        if (unsettled.empty()) return;
        if (moment_now() >= end) {
            round.unsettled = std::move(unsettled);
            return;
        }
        std::this_thread::sleep_for(look_every * 3);
    }
}

void World::look_for_secrets() {
    for (int process = 1; process <= processes_; ++process) {
        std::ifstream file{log_of(process)};
        for (std::string line; std::getline(file, line);)
            for (auto const& secret : secrets_)
                if (line.find(secret) != std::string::npos)
                    history_.leaks.push_back("world " + std::to_string(options_.number) + ": a secret in " + log_of(process));
    }
}

History World::history() {
    history_.requests = director_.requests();
    read_effects();
    return history_;
}

}  // namespace groomer::github_faults
