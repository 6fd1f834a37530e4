// standby_look, standby_statements: what a replica costs that does not hold the lock.
#include "child.hpp"
#include "client.hpp"
#include "figures.hpp"
#include "pairs.hpp"
#include "replicas.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t block = 500;  // looks
// Before each block: the ttl passes while we look, and a look at an expired row does not lose.
constexpr auto renew_row = R"(UPDATE sync_lock SET "acquiredAt" = clock_timestamp() RETURNING 1)";

Task<Samples> losing_looks(Client& client) {
    Samples out;
    for (std::size_t i = 0; i < block; ++i) {
        auto const start = BootTime::now();
        auto const next = co_await client.look();
        out.push_back(ms(BootTime::now() - start));
        if (!std::holds_alternative<lock::Wait>(next)) throw std::runtime_error{"the look did not lose"};
    }
    co_return out;
}

// What the whole server wrote, and how many transaction ids it gave out: nothing else works on it.
struct Written {
    double wal = 0, ids = 0;
};
Written written(Database& database) {
    auto const row =
        database.query("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn, pg_snapshot_xmax(pg_current_snapshot())::text").at(0);
    return {row.number(0), row.number(1)};
}

// Autovacuum takes transaction ids and writes log of its own, whenever it comes: not while those of others are counted.
class WithoutAutovacuum {
public:
    explicit WithoutAutovacuum(Database& database) : database_{database} {
        set("ALTER SYSTEM SET autovacuum = off");
        auto const working = "SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'autovacuum%'";
        for (auto const end = BootTime::now() + 60s; database_.number(working) > 0; std::this_thread::sleep_for(100ms))
            if (BootTime::now() > end) throw std::runtime_error{"autovacuum does not end"};
    }
    ~WithoutAutovacuum() {
        try {
            set("ALTER SYSTEM RESET autovacuum");
        } catch (std::exception const& error) {
            say(std::string{"  autovacuum stays off: "} + error.what());
        }
    }
    WithoutAutovacuum(WithoutAutovacuum const&) = delete;
    WithoutAutovacuum& operator=(WithoutAutovacuum const&) = delete;

private:
    void set(std::string const& statement) {
        database_.query(statement);
        database_.query("SELECT pg_reload_conf()");
    }
    Database& database_;
};

struct Costs {
    double wal_by_statement = 0;  // bytes a look
    Samples wal, ids;             // of the whole server, a look, by block
};

// Of looks alone, before any peer is there: pg-boss works by itself. What the server's account of statements says is not disturbed by
// anything, so that of any number of looks not one may have written a byte. A record of a commit is not in it; without a
// transaction id there is none.
Costs costs_of_looks(Setup const& setup, std::size_t blocks) {
    Database database{setup.server_url, "look_costs"};
    WithoutAutovacuum const quiet{database};
    Client holder{database.url(), "holder"}, standby{database.url(), "standby"};
    holder.run(holder.take());
    // Only sessions that begin from now on are counted: not the database's own, which renews the row.
    database.query("CREATE EXTENSION pg_stat_statements");
    database.query("ALTER DATABASE " + database.name() + " SET pg_stat_statements.track = top");
    database.query("ALTER DATABASE " + database.name() + " SET compute_query_id = on");
    Costs costs;
    for (std::size_t i = 0; i <= blocks; ++i) {
        if (i == 1) database.query("SELECT pg_stat_statements_reset()");  // a first block, which fills caches, is not counted
        database.query(renew_row);
        auto const before = written(database);
        standby.run(losing_looks(standby));
        auto const after = written(database);
        if (i == 0) continue;
        costs.wal.push_back((after.wal - before.wal) / block);
        costs.ids.push_back((after.ids - before.ids) / block);
    }
    auto const looks = static_cast<double>(blocks * block);
    auto const* counted =
        "SELECT coalesce(max(calls), 0), coalesce(sum(wal_bytes), 0) FROM pg_stat_statements WHERE dbid = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())";
    auto const row = database.query(counted).at(0);
    if (row.number(0) < looks) throw std::runtime_error{"the server did not count the statements of all looks"};
    costs.wal_by_statement = row.number(1) / looks;
    return costs;
}

double smallest(Samples const& samples) { return *std::min_element(samples.begin(), samples.end()); }
double largest(Samples const& samples) { return *std::max_element(samples.begin(), samples.end()); }

// Holds a lock, renewing it every 1.5 s as a replica does, until it is destroyed.
class Holder {
public:
    Holder(Database& database, std::string const& lock) : client_{database.url(), "holder-" + lock, lock} {
        // Nobody is told that it is due: the replicas would see it at their next look.
        database.query("UPDATE groomer.lock_state SET due_at = clock_timestamp() WHERE lock = '" + lock + "' RETURNING 1");
        auto const grant = client_.run(client_.take());
        thread_ = std::thread{[this, token = grant.token] {
            for (auto next = BootTime::now() + 1500ms; !stop_; std::this_thread::sleep_for(20ms)) {
                if (BootTime::now() < next) continue;
                next += 1500ms;
                lost_ = !client_.run(client_.renew(token)) || lost_;
            }
        }};
    }
    ~Holder() {
        stop_ = true;
        thread_.join();
    }
    Holder(Holder const&) = delete;
    Holder& operator=(Holder const&) = delete;
    [[nodiscard]] bool lost() const { return lost_; }

private:
    Client client_;
    std::atomic<bool> stop_ = false, lost_ = false;
    std::thread thread_;
};

}  // namespace

void standby_look(Setup const& setup, Report& report) {
    auto const rounds = setup.trials(7, 15), looks = rounds * block;
    Raw raw{setup, "standby_look"}, costs{setup, "standby_look_costs"};
    auto const alone = costs_of_looks(setup, rounds);
    costs.write("WAL bytes a look by statement", 0, alone.wal_by_statement);
    costs.write("WAL bytes a look", 0, alone.wal);
    costs.write("transaction ids a look", 0, alone.ids);
    // Of all looks together, and of the worst block: no block that writes is outvoted by those that do not.
    report.add(with_limit({"standby_look_wal", alone.wal_by_statement, "bytes", {}, {}, looks, {}, {}}, 0));
    report.add(with_limit({"standby_look_wal_of_server", smallest(alone.wal), "bytes", {}, {}, looks, {}, {}}, 0));
    report.add(with_limit({"standby_look_ids", largest(alone.ids), "ids", {}, {}, looks, {}, {}}, 0));

    Database own{setup.server_url, "look"}, seed_database{setup.server_url, "look_seed"}, boss_database{setup.server_url, "look_boss"};
    Client holder{own.url(), "holder"}, standby{own.url(), "standby"};
    holder.run(holder.take());
    seed_database.query("INSERT INTO sync_lock VALUES ('groomer', 'somebody', now()) RETURNING 1");
    Peer seed{setup, "seed.mjs", {seed_database.url()}};
    Peer boss{setup, "pg-boss.mjs", {boss_database.url()}};
    boss.ask({{"do", "send"}, {"n", 2}});
    boss.ask({{"do", "take"}});
    std::map<std::string, Samples> wal;
    auto counted = [&](std::string const& name, std::function<Samples()> const& looks_of) {
        return [&, name, looks_of] {
            auto const before = written(own);
            auto samples = looks_of();
            wal[name].push_back((written(own).wal - before.wal) / block);
            return samples;
        };
    };
    Series const ours{"ours", [&] {
                          own.query(renew_row);
                          return standby.run(losing_looks(standby));
                      }};
    std::vector<Series> const peers{{"seed", counted("seed", [&] { return seed.samples("look", block); })},
                                    {"pg-boss", counted("pg-boss", [&] { return boss.samples("look", block); })}};
    auto const pairs = measure_pairs(raw, ours, peers, rounds);
    for (auto const& peer : peers) {
        Samples const of_peer(wal[peer.name].begin() + 1, wal[peer.name].end());  // but the first, uncounted round
        costs.write("WAL bytes a look of " + peer.name, 0, of_peer);
        report.add({"standby_look_wal_of_" + peer.name, median(of_peer), "bytes", {}, {}, looks, {}, {}});
        report.add({"standby_look", pairs.ours, "ms", peer.name, pairs.ratios.at(peer.name), pairs.rounds, {}, {}});
    }
}

namespace {

constexpr auto groomers = 4;  // one more than can hold a lock in the window of two minutes

// The server counts the statements of each role in a database that asks for it.
class Counter {
public:
    explicit Counter(Database& database) : database_{database} {
        database_.query("CREATE EXTENSION pg_stat_statements");
        database_.query("ALTER DATABASE " + database_.name() + " SET pg_stat_statements.track = top");
        database_.query("ALTER DATABASE " + database_.name() + " SET compute_query_id = on");
    }
    // A role with all rights, whose sessions are counted; returns the url.
    std::string role(std::string const& name) {
        auto const role = database_.name() + "_" + name;
        database_.query("DROP ROLE IF EXISTS " + role);
        database_.query("CREATE ROLE " + role + " LOGIN SUPERUSER");
        return database_.url_of(role);
    }
    void begin() {
        database_.query("SELECT pg_stat_statements_reset()");
        began_ = BootTime::now();
    }
    // A second, since begin().
    double rate(std::string const& name) {
        auto const seconds = ms(BootTime::now() - began_) / 1000;
        return database_.number(
                   "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid "
                   "JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() AND r.rolname = '" +
                   database_.name() + "_" + name + "'") /
               seconds;
    }

private:
    Database& database_;
    BootTime::time_point began_{};
};

// Real replicas, each under a role of its own, and what they cost in a window.
struct Standbys {
    Standbys(Setup const& setup, std::string const& name, int count, std::string const& schedule)
        : database{setup.server_url, name}, counter{database} {
        for (int i = 1; i <= count; ++i) {
            auto const pod = "r" + std::to_string(i);
            auto const configuration = write_configuration(scratch, name + "-" + pod, counter.role(pod), schedule);
            children.push_back(start_replica(setup, Program::groomer, configuration, pod, scratch.path() / (pod + ".log")));
            pods.push_back(pod);
        }
    }
    // Statements a second of those that held nothing since `begin`.
    Samples rates(std::string const& begin) {
        Samples out;
        for (auto const& pod : pods)
            if (database.value("SELECT count(*) FROM groomer.hold WHERE pod = '" + pod + "' AND acquired_at >= '" + begin + "'") == "0")
                out.push_back(counter.rate(pod));
        return out;
    }
    Scratch scratch;
    Database database;
    Counter counter;
    std::vector<std::string> pods;
    std::vector<std::unique_ptr<Child>> children;
};

// pg-boss and the seed as standbys: behind a job that lasts, and beside a held row.
struct PeerStandbys {
    explicit PeerStandbys(Setup const& setup)
        : boss_database{setup.server_url, "standby_boss"},
          seed_database{setup.server_url, "standby_seed"},
          counter{boss_database},
          boss_holder{setup, "pg-boss.mjs", {boss_database.url(), "lock", work}} {
        boss_holder.ask({{"do", "send"}, {"n", 2}});
        std::this_thread::sleep_for(5s);  // it has the first job
        boss = std::make_unique<Peer>(setup, "pg-boss.mjs", std::vector<std::string>{counter.role("worker"), "lock", work});
        seed_database.query("INSERT INTO sync_lock VALUES ('groomer', 'somebody', now()) RETURNING 1");
        seed = std::make_unique<Peer>(setup, "seed.mjs", std::vector<std::string>{seed_database.url()});
        seed->samples("look", 3);
    }
    static constexpr auto work = R"({"milliseconds": 3600000})";
    Database boss_database, seed_database;
    Counter counter;
    Peer boss_holder;
    std::unique_ptr<Peer> boss, seed;
};

void pass(std::chrono::seconds window) {
    for (auto left = window; left.count() > 0; left -= 10s) {
        if (left.count() % 30 == 0) say("  " + std::to_string(left.count()) + " s to go");
        std::this_thread::sleep_for(10s);
    }
}

void report_memory(Raw& raw, Report& report, Standbys const& standbys, PeerStandbys const& peers) {
    Samples memory;
    for (auto const& child : standbys.children) memory.push_back(child->resident_mib());
    auto const boss = peers.boss->resident_mib(), seed = peers.seed->resident_mib();
    raw.write("MiB", 0, memory);
    raw.write("MiB of pg-boss", 0, boss);
    raw.write("MiB of seed", 0, seed);
    report.add(with_limit({"standby_rss", largest(memory), "MiB", {}, {}, memory.size(), {}, {}}, 20e6 / (1 << 20)));  // 20 MB
    report.add({"standby_rss_of_pg-boss", boss, "MiB", {}, {}, 1, {}, {}});
    report.add({"standby_rss_of_seed", seed, "MiB", {}, {}, 1, {}, {}});
}

}  // namespace

void standby_statements(Setup const& setup, Report& report) {
    // At the default cadence; and behind holders that never end, beside nothing else that is due.
    auto const never = "{groom_every: 1h, sync_every: 1h}";
    Standbys ticking{setup, "standby_ticking", groomers, "{}"}, one{setup, "standby_one", 2, never}, both{setup, "standby_both", 2, never};
    PeerStandbys peers{setup};
    std::this_thread::sleep_for(5s);  // the first ticks are over
    Holder of_one{one.database, "global"}, of_both{both.database, "global"};
    std::this_thread::sleep_for(750ms);  // half of what is between two renewals: the phase in which a look is good for the shortest time
    Holder of_both_too{both.database, "groomer"};
    std::this_thread::sleep_for(5s);

    std::vector<Standbys*> const all{&ticking, &one, &both};
    auto const begin = ticking.database.value("SELECT clock_timestamp()");
    for (auto* standbys : all) standbys->counter.begin();
    peers.counter.begin();
    pass(std::chrono::seconds{setup.trials(120, 600)});

    Raw raw{setup, "standby_statements"};
    auto const boss_rate = peers.counter.rate("worker");
    raw.write("pg-boss a second", 0, boss_rate);
    if (of_one.lost() || of_both.lost() || of_both_too.lost()) throw std::runtime_error{"a holder lost its lock"};
    auto line = [&](std::string const& name, Standbys& standbys) {
        auto const rates = standbys.rates(begin);
        if (rates.empty()) throw std::runtime_error{"no replica stood by for the whole window"};
        raw.write(name + " a second", 0, rates);
        report.add(with_limit({name, largest(rates), "1/s", {}, {}, rates.size(), {}, {}}, 0.25));
    };
    line("standby_statements", ticking);
    line("standby_statements_behind_one_holder", one);
    line("standby_statements_behind_two_holders", both);
    report.add({"standby_statements_of_pg-boss", boss_rate, "1/s", {}, {}, 1, {}, {}});  // one window, no pairs: no ratio
    report_memory(raw, report, ticking, peers);
}

}  // namespace groomer::bench
