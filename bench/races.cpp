// races: 8 contenders look at one row, then bid: at the same moment, or while the winner holds it, or after. One may win, once, and
// hold it to his release, with a higher term than ever before. That each of these can be seen is shown first, with acquires that are broken.
#include "client.hpp"
#include "database.hpp"
#include "figures.hpp"

#include "base/digest.hpp"

#include <array>
#include <atomic>
#include <barrier>
#include <random>
#include <thread>

namespace groomer::bench {
namespace {

using namespace std::chrono_literals;

constexpr int contenders = 8;
// Of two holds that began and ended within microseconds nobody could see that they were there at once.
constexpr auto hold_lasts = std::chrono::microseconds{500};
// After a look, one of two bids at once, the other up to so much later: beyond the winner's hold and the flushes of both its ends.
constexpr std::uint64_t latest_bid = 6000;
constexpr std::size_t races_to_show = 48;

struct Win {
    std::int64_t term = 0;
    double held = 0, released = 0;  // by the local clock, in ms: from the reply to the acquire to the sending of the release
    bool kept = false;              // to the release
};

constexpr std::array kinds_of_row{"free", "stale foreign", "null", "stale own-form"};

// How the row looks before a race. All are due.
std::string prepare(std::size_t race) {
    // What prepares a race need not be durable.
    std::string const due =
        "SELECT set_config('synchronous_commit', 'off', true); UPDATE groomer.lock_state SET due_at = clock_timestamp() WHERE lock = "
        "'groomer'; ";
    auto row = [](std::string const& token, std::string const& age) {
        return "INSERT INTO sync_lock VALUES ('groomer', " + token + ", clock_timestamp() - interval '" + age +
               "') ON CONFLICT (id) DO UPDATE SET \"syncRunId\" = excluded.\"syncRunId\", \"acquiredAt\" = excluded.\"acquiredAt\"; ";
    };
    switch (race % kinds_of_row.size()) {
        case 0: return due + "DELETE FROM sync_lock; SELECT 1";
        case 1: return due + row("'" + make_uuid() + "'", "31 min 1 s") + "SELECT 1";
        case 2: return due + row("NULL", "0 s") + "SELECT 1";
        default: return due + row("'g1|5000|1||dead|00000001|" + make_uuid() + "'", "5.001 s") + "SELECT 1";
    }
}

struct Outcome {
    std::size_t races = 0, won = 0, two_winners = 0, lost_holds = 0, double_ticks = 0, not_rising = 0, not_taken = 0;
};

// What must never happen.
constexpr std::array wrongs{std::pair{"races_two_winners", &Outcome::two_winners}, std::pair{"races_lost_holds", &Outcome::lost_holds},
                            std::pair{"races_double_ticks", &Outcome::double_ticks},
                            std::pair{"races_terms_not_rising", &Outcome::not_rising}, std::pair{"races_not_taken", &Outcome::not_taken}};

// A groomer.acquire without one of its rules, and what must come of that.
struct Broken {
    std::string what;
    std::vector<std::pair<std::string, std::string>> edits;
    std::vector<std::size_t Outcome::*> shows;
    std::chrono::microseconds hold{hold_lasts};
};

std::vector<Broken> broken() {
    // Each holds up late bids alone: the term that was seen, and the row that was.
    std::pair<std::string, std::string> const any_term{"AND t.term = p_seen_term", ""};
    std::pair<std::string, std::string> const any_row{R"(WHERE l."syncRunId" IS NOT)", R"(WHERE true OR l."syncRunId" IS NOT)"};
    std::pair<std::string, std::string> const always_due{"s.due_at > v_now AND", "false AND"};
    std::pair<std::string, std::string> const falling_terms{"greatest(s.term + 1, (extract(epoch FROM v_now) * 1000000)::bigint)",
                                                            "s.term - 1"};
    return {{"takes a row that is held",
             {any_term, any_row},
             {&Outcome::two_winners, &Outcome::lost_holds},
             20ms},  // bids come one after another, a flush apart
            {"takes a row that is not due", {any_term, always_due}, {&Outcome::double_ticks}},
            {"gives out falling terms", {falling_terms}, {&Outcome::not_rising}}};
}

std::string quoted(std::string const& text) {
    std::string out = "'";
    for (char const c : text) out += c == '\'' ? "''" : std::string{c};
    return out + "'";
}

// Neither dollar quotes nor parameters inside: they would be taken for each other.
void break_acquire(Database& database, Broken const& how) {
    std::string body =
        "DECLARE v_all text; BEGIN SELECT pg_get_functiondef(oid) INTO STRICT v_all FROM pg_proc "
        "WHERE proname = 'acquire' AND pronamespace = 'groomer'::regnamespace; ";
    for (auto const& [from, to] : how.edits)
        body += "IF position(" + quoted(from) + " IN v_all) = 0 THEN RAISE EXCEPTION 'groomer.acquire reads otherwise now'; END IF; " +
                "v_all := replace(v_all, " + quoted(from) + ", " + quoted(to) + "); ";
    database.query("DO " + quoted(body + "EXECUTE v_all; END") + "; SELECT 1");
}

class Races {
public:
    Races(Setup const& setup, std::size_t count, Broken const* how, Raw* raw)
        : database_{setup.server_url, "races"}, count_{count}, raw_{raw} {
        if (how) {
            break_acquire(database_, *how);
            hold_ = how->hold;
        }
        for (int i = 0; i < contenders; ++i) clients_.push_back(std::make_unique<Client>(database_.url(), std::to_string(i), "groomer", 1));
    }
    Outcome run();

private:
    void judge(std::vector<Win> wins);
    void write_samples(std::size_t race, std::vector<Win> const& wins, Outcome const& before);
    void compare_with_the_database();
    void contend(int index);
    Task<std::optional<Win>> bid_once(Client& client, lock::Bid bid);

    Database database_;
    std::size_t count_;
    Raw* raw_;  // null: nothing is kept
    std::vector<std::unique_ptr<Client>> clients_;
    std::vector<std::optional<Win>> wins_ = std::vector<std::optional<Win>>(contenders);
    std::barrier<> gate_{contenders + 1};
    std::atomic<bool> failed_ = false;
    std::atomic<bool> over_ = false;
    std::int64_t last_term_ = 0;
    std::chrono::microseconds hold_{hold_lasts};
    Outcome outcome_;
};

Task<std::optional<Win>> Races::bid_once(Client& client, lock::Bid bid) {
    auto const grant = co_await client.acquire(bid);
    if (!grant) co_return std::nullopt;
    Win win{grant->term, ms(BootTime::now().time_since_epoch()), 0, false};
    std::this_thread::sleep_for(hold_);
    win.released = ms(BootTime::now().time_since_epoch());
    win.kept = co_await client.release(grant->token, milliseconds{3'600'000});
    co_return win;
}

void Races::contend(int index) {
    auto& client = *clients_[static_cast<std::size_t>(index)];
    std::mt19937_64 random{static_cast<std::uint64_t>(index)};
    for (;;) {
        gate_.arrive_and_wait();  // the row is prepared
        if (over_) return;
        std::optional<Win> win;
        try {
            client.forget();  // rows that were stamped before the last look would tell of a clock that has stepped
            auto next = client.run(client.look());
            gate_.arrive_and_wait();  // all have looked
            // Some bid at once, some in the midst of the winner's hold, some after it.
            if (random() % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds{random() % latest_bid});
            if (auto* bid = std::get_if<lock::Bid>(&next)) win = client.run(bid_once(client, *bid));
        } catch (std::exception const& error) {
            if (!failed_.exchange(true)) say(std::string{"  a contender failed: "} + error.what());
        }
        wins_[static_cast<std::size_t>(index)] = win;
        gate_.arrive_and_wait();  // all have bid
    }
}

void Races::judge(std::vector<Win> wins) {
    std::sort(wins.begin(), wins.end(), [](Win const& a, Win const& b) { return a.held < b.held; });
    ++outcome_.races;
    if (wins.empty()) ++outcome_.not_taken;
    double free_from = 0;  // when the last of the holds so far ended
    for (std::size_t i = 0; i < wins.size(); ++i) {
        ++outcome_.won;
        if (!wins[i].kept) ++outcome_.lost_holds;
        if (wins[i].term <= last_term_) ++outcome_.not_rising;
        last_term_ = std::max(last_term_, wins[i].term);
        if (i > 0) ++(wins[i].held < free_from ? outcome_.two_winners : outcome_.double_ticks);
        free_from = std::max(free_from, wins[i].released);
    }
}

// A line for each win, and one for each kind of wrong: at 100,000 races 4 MB.
void Races::write_samples(std::size_t race, std::vector<Win> const& wins, Outcome const& before) {
    if (!raw_) return;
    auto const held = std::string{"ms held of a "} + kinds_of_row.at(race % kinds_of_row.size()) + " row";
    for (auto const& win : wins) raw_->write(held, race + 1, win.released - win.held);
    for (auto const& [name, count] : wrongs)
        if (outcome_.*count > before.*count) raw_->write(name, race + 1, static_cast<double>(outcome_.*count - before.*count));
}

// What the database has kept must agree. It tells of no overlap: an acquire that takes a held row ends that hold by its own moment.
void Races::compare_with_the_database() {
    auto const all = static_cast<std::size_t>(database_.number("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer'"));
    auto const lost = static_cast<std::size_t>(
        database_.number("SELECT count(*) FROM groomer.hold WHERE lock = 'groomer' AND ended IS DISTINCT FROM 'finished'"));
    if (all != outcome_.won || lost != outcome_.lost_holds)
        throw std::runtime_error{"the contenders won " + std::to_string(outcome_.won) + " times and lost " +
                                 std::to_string(outcome_.lost_holds) + " holds, the database says " + std::to_string(all) + " and " +
                                 std::to_string(lost)};
}

Outcome Races::run() {
    std::vector<std::thread> threads;
    for (int i = 0; i < contenders; ++i) threads.emplace_back([this, i] { contend(i); });
    // A first hold, so that the lock is of this cluster; the schema makes it so anyway.
    auto const step = std::max<std::size_t>(count_ / 10, 1);
    for (std::size_t race = 0; race < count_ && !failed_; ++race) {
        database_.query(prepare(race));
        gate_.arrive_and_wait();
        gate_.arrive_and_wait();
        gate_.arrive_and_wait();
        std::vector<Win> wins;
        for (auto const& win : wins_)
            if (win) wins.push_back(*win);
        auto const before = outcome_;
        judge(wins);
        write_samples(race, wins, before);
        if (count_ > races_to_show && (race + 1) % step == 0) say("  " + std::to_string(race + 1) + " of " + std::to_string(count_));
    }
    over_ = true;
    gate_.arrive_and_wait();
    for (auto& thread : threads) thread.join();
    if (failed_) throw std::runtime_error{"a contender got an error"};
    compare_with_the_database();
    return outcome_;
}

}  // namespace

void races(Setup const& setup, Report& report) {
    for (auto const& how : broken()) {
        auto const seen = Races{setup, races_to_show, &how, nullptr}.run();
        for (auto const what : how.shows) {
            say("  an acquire that " + how.what + ": noticed " + std::to_string(seen.*what) + " times in " + std::to_string(seen.races) +
                " races");
            if (seen.*what == 0) throw std::runtime_error{"an acquire that " + how.what + " was not noticed: these races prove nothing"};
        }
    }
    Raw raw{setup, "races"};
    Races all{setup, setup.trials(4000, 100'000), nullptr, &raw};
    auto const outcome = all.run();
    for (auto const& [name, count] : wrongs)
        report.add(with_limit({name, static_cast<double>(outcome.*count), "", {}, {}, outcome.races, {}, {}}, 0));
}

}  // namespace groomer::bench
