// handover_killed, handover_restarted: the holder is killed with SIGKILL, and another replica, or its own container started
// anew, takes the row.
#include "audit.hpp"
#include "figures.hpp"
#include "replicas.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <random>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

constexpr auto lock = "global";  // whose tick, the sync, never ends by itself here
constexpr std::chrono::milliseconds limit = 30s;

struct Killed {
    Samples from_kill;    // SIGKILL to the next hold
    Samples from_expiry;  // the ttl's end of the last stamp to the next hold
};

double last_stamp(Database& database) {
    return database.number("SELECT extract(epoch FROM \"acquiredAt\") FROM sync_lock WHERE id = 'global'");
}

// Where between two renewals the holder dies decides most of what is measured: the moments are spread evenly over it.
void kill_holders(Setup const& setup, std::string const& name, std::vector<double> const& moments, Killed& out) {
    Scratch scratch;
    Database database{setup.server_url, name};
    Audit audit{database};
    auto const configuration = write_configuration(scratch, name, database.url());
    std::map<std::string, std::unique_ptr<Child>> children;
    auto start = [&](std::string const& pod) {
        children[pod] = start_replica(setup, Program::holder, configuration, pod, scratch.path() / (pod + ".log"));
    };
    for (int i = 1; i <= 3; ++i) start("replica-" + std::to_string(i));
    auto held = wait_for(audit, lock, true, limit);
    for (double moment : moments) {
        std::this_thread::sleep_for(1600ms);  // it has renewed, and all that were started again are up
        double const stamp = last_stamp(database), at = stamp + 1.5 + moment;
        if (auto const rest = at - wall_time(); rest > 0) std::this_thread::sleep_for(std::chrono::duration<double>{rest});
        auto const killed = wall_time();
        children.at(held.pod)->signal(SIGKILL);
        children.at(held.pod)->wait();
        double const renewed = last_stamp(database);
        auto const victim = held.pod;
        held = wait_for(audit, lock, true, limit);
        out.from_kill.push_back(held.received - killed);
        out.from_expiry.push_back((held.received - renewed - 5) * 1000);
        start(victim);
    }
}

// The same with pg-boss at the shortest times that it allows: a heartbeat that is due every 10 s, looked after every second,
// and a worker that polls twice a second. (By default it has no heartbeat, and a job expires after 15 minutes.)
Samples kill_boss_workers(Setup const& setup) {
    constexpr int queues = 6;
    Database database{setup.server_url, "killed_boss"};
    auto const options = R"({"boss": {"superviseIntervalSeconds": 1, "monitorIntervalSeconds": 1},
        "queue": {"heartbeatSeconds": 10, "retryLimit": 1000}, "work": {"pollingIntervalSeconds": 0.5}, "milliseconds": 3600000})";
    struct Queue {
        std::string name;
        std::unique_ptr<Peer> holder, standby;
        double killed = 0;
    };
    std::vector<Queue> all(queues);
    auto worker = [&](std::string const& queue) {
        return std::make_unique<Peer>(setup, "pg-boss.mjs", std::vector<std::string>{database.url(), queue, options});
    };
    for (int i = 0; i < queues; ++i) {
        auto& queue = all[static_cast<std::size_t>(i)];
        queue.name = "lock" + std::to_string(i);
        queue.holder = worker(queue.name);
        queue.holder->ask({{"do", "send"}, {"n", 1}});
    }
    std::this_thread::sleep_for(2s);
    for (auto& queue : all) queue.standby = worker(queue.name);
    std::this_thread::sleep_for(5s);
    for (auto& queue : all) {  // spread over the 5 s between two heartbeats
        std::this_thread::sleep_for(5000ms / queues);
        queue.killed = wall_time();
        queue.holder->kill();
    }
    Samples out;
    for (auto const& queue : all)
        for (;;) {
            auto const rows = database.query(
                "SELECT extract(epoch FROM started_on) FROM pgboss.job WHERE retry_count > 0 AND state = 'active' AND name = '" +
                queue.name + "'");
            if (!rows.empty()) {
                out.push_back(rows.front().number(0) - queue.killed);
                break;
            }
            if (wall_time() - queue.killed > 120) throw std::runtime_error{"pg-boss does not start the job again"};
            std::this_thread::sleep_for(200ms);
        }
    return out;
}

}  // namespace

void handover_killed(Setup const& setup, Report& report) {
    constexpr std::size_t clusters = 6;
    std::size_t const each = setup.trials(17, 50), all = clusters * each;
    std::vector<double> moments;
    for (std::size_t i = 0; i < all; ++i) moments.push_back(1.5 * (static_cast<double>(i) + 0.5) / static_cast<double>(all));
    std::shuffle(moments.begin(), moments.end(), std::mt19937_64{7});
    std::vector<Killed> results(clusters);
    std::vector<std::string> failures(clusters);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < clusters; ++i) {
        std::vector<double> own(moments.begin() + static_cast<std::ptrdiff_t>(i * each),
                                moments.begin() + static_cast<std::ptrdiff_t>((i + 1) * each));
        threads.emplace_back([&setup, &results, &failures, i, own] {
            try {
                kill_holders(setup, "killed_" + std::to_string(i), own, results[i]);
            } catch (std::exception const& error) {
                failures[i] = error.what();
            }
        });
    }
    Samples boss;
    std::string boss_failure;
    threads.emplace_back([&] {
        try {
            boss = kill_boss_workers(setup);
        } catch (std::exception const& error) {
            boss_failure = error.what();
        }
    });
    say("  " + std::to_string(all) + " kills in " + std::to_string(clusters) + " databases, about " + std::to_string(each * 7) + " s");
    for (auto& thread : threads) thread.join();
    for (auto const& failure : failures)
        if (!failure.empty()) throw std::runtime_error{failure};
    if (!boss_failure.empty()) throw std::runtime_error{boss_failure};
    Raw raw{setup, "handover_killed"};
    raw.write("s_of_pg-boss", 0, boss);
    Killed total;
    for (auto const& result : results) {
        raw.write("s_from_kill", 0, result.from_kill);
        raw.write("ms_from_expiry", 0, result.from_expiry);
        total.from_kill.insert(total.from_kill.end(), result.from_kill.begin(), result.from_kill.end());
        total.from_expiry.insert(total.from_expiry.end(), result.from_expiry.begin(), result.from_expiry.end());
    }
    auto const n = total.from_kill.size();
    report.add(with_limit({"handover_killed_p50", median(total.from_kill), "s", {}, {}, n, {}, {}}, 4.3));
    report.add(with_limit({"handover_killed_p99", percentile(total.from_kill, 0.99), "s", {}, {}, n, {}, {}}, 5.2));
    report.add({"handover_killed_p50_of_pg-boss", median(boss), "s", {}, {}, boss.size(), {}, {}});  // not in pairs: no ratio
    report.add({"handover_expired_p50", median(total.from_expiry), "ms", {}, {}, n, {}, {}});
    report.add({"handover_expired_p99", percentile(total.from_expiry, 0.99), "ms", {}, {}, n, {}, {}});
}

namespace {

// A pipe's reading end, asked for a word.
class Listening {
public:
    Listening() {
        if (::pipe2(ends_, O_CLOEXEC) != 0) throw std::runtime_error{"pipe failed"};
    }
    ~Listening() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }
    Listening(Listening const&) = delete;
    Listening& operator=(Listening const&) = delete;
    [[nodiscard]] std::string output() const { return "/proc/self/fd/" + std::to_string(ends_[1]); }
    // When the word was read.
    double when_said(std::string const& word) {
        std::string said;
        while (said.find(word) == std::string::npos) {
            pollfd descriptor{ends_[0], POLLIN, 0};
            if (::poll(&descriptor, 1, 30'000) <= 0) throw std::runtime_error{"a replica does not say " + word};
            char chunk[4096];
            auto const n = ::read(ends_[0], chunk, sizeof chunk);
            if (n > 0) said.append(chunk, static_cast<std::size_t>(n));
        }
        return wall_time();
    }

private:
    int ends_[2] = {-1, -1};
};

}  // namespace

void handover_restarted(Setup const& setup, Report& report) {
    Scratch scratch;
    Database database{setup.server_url, "restarted"};
    Audit audit{database};
    auto const configuration = write_configuration(scratch, "restarted", database.url());
    auto const slots = scratch.path() / "slots";
    std::filesystem::create_directory(slots);
    std::map<std::string, std::string> const slot{
        {"GROOMER_POD_UID", "bench"}, {"GROOMER_CONTAINER", "groomer"}, {"GROOMER_SLOT_DIR", slots.string()}};
    auto const wanted = setup.trials(40, 300);
    Samples start_up, to_hold, beyond;
    std::unique_ptr<Child> child;
    for (std::size_t i = 0; i <= wanted; ++i) {
        Listening log;
        auto const started = wall_time();
        child = start_replica(setup, Program::holder, configuration, "replica", log.output(), slot);
        auto const ready = log.when_said("\"ready\"");
        auto const held = wait_for(audit, lock, true, limit);
        if (i > 0) {  // the first found a free row
            start_up.push_back((ready - started) * 1000);
            to_hold.push_back((held.received - started) * 1000);
            beyond.push_back((held.received - ready) * 1000);
        }
        std::this_thread::sleep_for(50ms);
        child->signal(SIGKILL);
        child->wait();
    }
    Raw raw{setup, "handover_restarted"};
    raw.write("start_up", 0, start_up);
    raw.write("to_hold", 0, to_hold);
    raw.write("beyond_start_up", 0, beyond);
    auto const how = database.value("SELECT string_agg(DISTINCT how, ' ') FROM groomer.hold WHERE lock = 'global' AND how <> 'free'");
    if (how != "reclaimed") throw std::runtime_error{"the row was not reclaimed, but taken as " + how};
    report.add({"start_up_p50", median(start_up), "ms", {}, {}, wanted, {}, {}});
    report.add({"handover_restarted_p50", median(to_hold), "ms", {}, {}, wanted, {}, {}});
    report.add(with_limit({"handover_restarted_beyond_start_up_p50", median(beyond), "ms", {}, {}, wanted, {}, {}}, 50));
    report.add(with_limit({"handover_restarted_beyond_start_up_p99", percentile(beyond, 0.99), "ms", {}, {}, wanted, {}, {}}, 50));
}

}  // namespace groomer::bench
