#include "chaos/world.hpp"

#include "chaos/audit.hpp"
#include "chaos/judge.hpp"
#include "chaos/outside_settings.hpp"
#include "chaos/protocol.hpp"
#include "pg/session.hpp"
#include "store/store.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

namespace groomer::chaos {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr int replicas = 3;
constexpr auto longest_recovery = 60s, longest_end = 45s;

// The tracker's settle is longer than the margin of a deadline: without a quarantine it would be seen. The replicas are told
// of more than it takes: transit.
Timing const timing_of_all{2000ms, 400ms, 1200ms, 1000ms};

milliseconds write_limit(Timing const& timing) { return protocol::write_limit(timing.ttl, timing.renew_every); }

std::string in_milliseconds(milliseconds duration) { return std::to_string(duration.count()) + "ms"; }

}  // namespace

World::World(Options const& options, Schedule& schedule, asio::io_context& io, int number, std::string const& template_folder)
    : options_{options},
      schedule_{schedule},
      io_{io},
      number_{number},
      folder_{options.folder + "/w" + std::to_string(number)},
      random_{options.seed * 1000 + static_cast<std::uint64_t>(number)} {
    fs::create_directories(folder_);
    give_to_server(folder_);
    history_.timing = timing_of_all;
    server_ = std::make_unique<Postgres>(options_.programs, folder_ + "/pg1", template_folder);
    TrackerSettings settings;
    settings.settle = timing_of_all.server_settle;
    settings.write_limit = write_limit(timing_of_all);
    settings.seed = random_();
    on_io(io_, [&] {
        tracker_ = std::make_unique<FakeTracker>(io_, settings);
        model_ = std::make_unique<FakeModel>(io_, settings.seed + 1);
    });
    for (int i = 0; i < replicas; ++i) {
        Member member;
        member.number = i;
        on_io(io_, [&] { member.link = std::make_unique<Link>(io_, server_->socket_path()); });
        members_.push_back(std::move(member));
    }
}

World::~World() = default;

void World::end_processes() {
    for (auto& member : members_) member.process.reset();
    database_.reset();
    server_.reset();
}

milliseconds World::between(milliseconds least, milliseconds most) {
    return milliseconds{std::uniform_int_distribution<std::int64_t>{least.count(), most.count()}(random_)};
}
milliseconds World::ttls(double least, double most) {
    auto const scaled = [&](double factor) {
        return std::chrono::duration_cast<milliseconds>(std::chrono::duration<double, std::milli>{timing().ttl} * factor);
    };
    return between(scaled(least), scaled(most));
}
int World::pick(int count) { return std::uniform_int_distribution{0, count - 1}(random_); }
bool World::chance(double share) { return std::uniform_real_distribution{0.0, 1.0}(random_) < share; }

// The longest that this thread was kept from running is part of the round: what is measured then says so.
void World::sleep(milliseconds duration) {
    auto const end = std::chrono::steady_clock::now() + duration;
    for (auto left = end - std::chrono::steady_clock::now(); left > 0ms; left = end - std::chrono::steady_clock::now()) {
        schedule_.throw_if_interrupted();
        auto const slice = std::min<std::chrono::steady_clock::duration>(left, 20ms);
        auto const before = std::chrono::steady_clock::now();
        std::this_thread::sleep_for(slice);
        auto const late = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - before - slice);
        if (!history_.rounds.empty()) round().stall = std::max(round().stall, late);
    }
}

Database& World::database() {
    if (!database_) database_ = std::make_unique<Database>(server_->connect());
    return *database_;
}

std::string World::ask(std::string const& sql) {
    try {
        return database().value(sql);
    } catch (std::runtime_error const&) {
        database_.reset();
        return {};
    }
}

std::string World::token_held() {
    return ask("SELECT \"syncRunId\" FROM sync_lock WHERE id = 'groomer' AND \"acquiredAt\" > clock_timestamp() - interval '" +
               in_milliseconds(timing().ttl) + "'");
}

bool World::holds(Member const& member) { return token_held().find("|" + member.slot + "/") != std::string::npos; }

bool World::all_have_looked(milliseconds limit) {
    auto const lately =
        "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE application_name LIKE 'groomer/%' AND "
        "query NOT LIKE 'LISTEN%' AND state_change > clock_timestamp() - interval '" +
        in_milliseconds(timing().ttl + 500ms) + "'";
    return wait_until([&] { return ask(lately) == std::to_string(replicas); }, limit);
}

Member& World::holder() {
    Member* found = nullptr;
    wait_until(
        [&] {
            auto const token = token_held();
            for (auto& member : members_)
                if (!member.slot.empty() && token.find("|" + member.slot + "/") != std::string::npos) found = &member;
            return found != nullptr;
        },
        3000ms);
    return found != nullptr ? *found : members_[static_cast<std::size_t>(pick(replicas))];
}

std::string World::config_file(Member const& member) const {
    auto const path = folder_ + "/r" + std::to_string(member.number) + ".yaml";
    std::ofstream{path} << "database: {url: \"postgresql://postgres@127.0.0.1:" << member.link->port() << "/" << database_name
                        << "?sslmode=disable\"}\nlock: {ttl: " << in_milliseconds(timing().ttl)
                        << ", renew_every: " << in_milliseconds(timing().renew_every)
                        << "}\nschedule: {groom_every: " << in_milliseconds(timing().groom_every)
                        << ", sync_every: " << in_milliseconds(timing().sync_every)
                        << ", max_tick: 20s}\nrepositories: [{name: " << repository
                        << ", tracker: file, path: none.json}]\nmodel: {concurrency: 6}\npolicy:\n  mode: apply\n  batch: 8\n"
                        << "  labels:\n    type: {values: [type/bug, type/feature, type/question]}\n"
                        << "    priority: {values: [priority/p1, priority/p2], never_set: []}\n"
                        << "http: {listen: \"127.0.0.1:0\", metrics_listen: \"127.0.0.1:0\"}\n";
    return path;
}

std::string World::log_of(Member const& member) const { return folder_ + "/r" + std::to_string(member.number) + ".log"; }

std::optional<std::int64_t> World::log_moment(Member const& member) const {
    std::ifstream log{log_of(member)};
    log.seekg(static_cast<std::streamoff>(member.log_from));
    std::string line;
    if (!std::getline(log, line)) return std::nullopt;
    std::tm moment{};
    auto const found = line.find("\"ts\":\"");
    if (found == std::string::npos || ::strptime(line.c_str() + found + 6, "%Y-%m-%dT%H:%M:%S", &moment) == nullptr) return std::nullopt;
    return ::timegm(&moment);
}

void World::start(Member& member, bool same_slot) {
    if (!same_slot || member.slot.empty()) member.slot = "w" + std::to_string(number_) + "-s" + std::to_string(++starts_);
    start_process(member);
}

void World::start_process(Member& member) {
    member.pod = "w" + std::to_string(number_) + "-r" + std::to_string(member.number) + "-" + std::to_string(history_.instances.size());
    auto variables = member.variables;
    variables["POD_NAME"] = member.pod;
    variables["GROOMER_POD_UID"] = member.slot;
    variables["GROOMER_CONTAINER"] = "main";
    variables["GROOMER_SLOT_DIR"] = folder_;
    variables[tracker_port_variable] = std::to_string(tracker_->port());
    variables[model_port_variable] = std::to_string(model_->port());
    variables[settle_variable] = std::to_string(options_.quarantine ? timing().settle.count() : 0);
    member.instance = history_.instances.size();
    history_.instances.push_back({member.pod, now(), {}});
    Command command{{options_.replica, config_file(member)}, log_of(member), variables};
    member.log_from = fs::exists(command.output) ? fs::file_size(command.output) : 0;
    member.process = std::make_unique<Child>(command);
}

void World::kill(Member& member) {
    member.process->signal(SIGKILL);
    member.process->wait(10s);
    auto& instance = history_.instances[member.instance];
    instance.died = now();
    instance.killed = true;
}

void World::note_pause(std::string const& pod, Moment from) { history_.pauses.push_back({pod, from, now()}); }
void World::note_server_pause(Moment from) { history_.server_pauses.push_back({{}, from, now()}); }

void World::pause(Member& member, milliseconds duration) {
    auto const from = now();
    member.process->signal(SIGSTOP);
    sleep(duration);
    member.process->signal(SIGCONT);
    note_pause(member.pod, from);
}

void World::lead_to(std::string const& socket_path) {
    for (auto& member : members_) {
        member.link->lead_to(socket_path);
        member.link->reset_all();
    }
}

std::size_t World::replace_server(std::unique_ptr<Postgres> promoted) {
    // What is under way there ends before its record is read; nobody can come in any more.
    ask("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    history_.segments.push_back(read_audit(database(), timeline_));
    database_.reset();
    server_->stop(Postgres::Stop::immediate);
    server_ = std::move(promoted);
    auto& old = history_.segments.back();
    old.kept = std::stoll(database().value("SELECT coalesce(max(seq), 0) FROM judge.lock_event WHERE timeline = '" + timeline_ + "'"));
    timeline_ = timeline_of(database());
    return static_cast<std::size_t>(
        std::count_if(old.locks.begin(), old.locks.end(), [&](LockEvent const& event) { return event.seq > *old.kept; }));
}

void World::set_up() {
    {
        pg::Session session{{"host=" + server_->socket_folder() + " user=postgres dbname=" + database_name, "", "driver"}};
        pg::try_migrate(session, store::migrations());
    }
    install_audit(database());
    timeline_ = timeline_of(database());
    for (auto& member : members_) start(member, false);
    begin_round("start");
    end_round(recover());
}

void World::begin_round(std::string fault) {
    Round round;
    round.fault = std::move(fault);
    round.began = round.cleared = round.recovered = now();
    history_.rounds.push_back(std::move(round));
}

// Of one that nobody killed: told to stop, or by a fault of its own.
void World::note_end(Member& member) {
    auto& instance = history_.instances[member.instance];
    auto const status = member.process->wait(0ms);
    if (!status || instance.died) return;
    instance.died = now();
    instance.status = *status;
}

bool World::recover() {
    for (auto& member : members_) {
        member.link->pass();
        note_end(member);
        if (!member.process->running()) start(member, chance(0.5));
    }
    auto const since = now();
    round().cleared = since;
    auto const moment = "to_timestamp(" + std::to_string(since.time_since_epoch().count()) + " / 1000000.0)";
    auto const worked =
        "SELECT 1 FROM judge.state_event s JOIN judge.lock_event a ON a.new_token = s.old ->> 'token' AND a.old_token IS DISTINCT "
        "FROM a.new_token WHERE s.lock = 'groomer' AND s.at > " +
        moment + " AND a.at > " + moment + " AND s.new ->> 'token' IS NULL AND s.ended = 'finished' LIMIT 1";
    return wait_until([&] { return ask(worked) == "1"; }, longest_recovery);
}

void World::end_round(bool recovered) {
    round().recovered = now();
    round().stuck = !recovered;
}

bool World::all_groomed() {
    auto const issues = tracker_->issues();
    return std::all_of(issues.begin(), issues.end(), [](auto const& issue) { return faults_of(issue).empty(); });
}

History World::finish() {
    tracker_->set_mood({0, 0, 0});
    tracker_->stop_editing();
    begin_round("end");
    if (options_.expected.empty()) {  // else enough has been seen
        bool const recovered = recover();
        // For as long as a write that was cut may still take effect.
        std::optional<Moment> since;
        auto const for_good = [&] {
            if (!all_groomed()) since.reset();
            else if (!since) since = now();
            return since && now() - *since > write_limit(timing_of_all) + timing_of_all.server_settle;
        };
        wait_until(for_good, longest_end);
        end_round(recovered);
    }
    for (auto& member : members_) member.link->pass();
    for (auto& member : members_) member.process->signal(SIGTERM);
    for (auto& member : members_) {
        if (!member.process->wait(20s)) throw std::runtime_error{"replica " + member.pod + " does not stop, see " + folder_};
        note_end(member);
    }
    ask("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
    history_.segments.push_back(read_audit(database(), timeline_));
    history_.tracker = tracker_->writes();
    history_.model = model_->requests();
    history_.issues = tracker_->issues();
    return std::move(history_);
}

}  // namespace groomer::chaos
