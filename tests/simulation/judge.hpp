// The judges: they stand outside of groomer and see the world's true state. README.md tells each rule and what excuses it.
#pragma once

#include "simulation/process.hpp"
#include "simulation/server.hpp"
#include "simulation/trackers.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace groomer::simulation {

struct Violation {
    std::string judge;  // its name
    std::string what;
};

class Judge final : public Witness {
public:
    using Processes = std::vector<std::shared_ptr<Process>>;

    Judge(World& world, Counts& counts, Settings const& settings, Processes const& processes)
        : world_{world}, counts_{counts}, settings_{settings}, processes_{processes} {}
    void watch(Server& server) { server_ = &server; }

    // ---- the database
    void committed(Statement const& statement, Reply const& reply, Before const& before) override;
    void done(Statement const& statement, Reply const& reply) override;

    // ---- a replica
    // A confirmation of its hold has reached it.
    void told(Process const& process);
    // It sends a write to a tracker; `stopped` since its last check. True where it is late: its term is over, as it could know.
    bool sends(Process const& process, std::int64_t term, bool stopped, bool needs_proof = true);
    void landed(Site const& site, Site::Request const& request);
    void releases(Process const& process, lock::Release const& release);  // or repeats that of a hold before
    void heeds(Process const& process);  // it has done all that was to be done after it was told that its hold is over
    void begins_tick(Process& process);
    void ends_tick(Process& process);
    void ends(Process const& process);  // dies, or has ended
    // A look has reached it that was sent and received then, and ran in between.
    void looked(Process const& process, lock::Look const& look, Moment sent, Moment executed, Moment received);
    void count_loss(lock::Hold const& hold);

    // ---- faults
    void row_touched();                            // by a third party: the term that it carried is over
    void row_written(std::optional<Moment> born);  // by a third party; what its stamp claims
    void released_by_hand();
    void stepped(Duration by);
    void promoted();
    void requested();

    // ---- liveness
    // From now on nothing goes wrong any more, and the lock must not stand still.
    void expect_life(Moment since);
    // In this world all is well but for crashes: a dead holder is replaced in time, and reclaimed at once.
    void expect_prompt_replacement() { prompt_ = true; }
    void look_for_standstill();
    [[nodiscard]] bool all_is_done() const;  // ticks went on since, and every request was served

    [[nodiscard]] std::optional<Violation> const& violation() const { return violation_; }
    void fail(std::string judge, std::string what);

private:
    // How a hold has to be released, by what its tick came to.
    struct Verdict {
        lock::Ended ended = lock::Ended::kept;
        std::chrono::milliseconds next{0};
        bool may_have_overrun = false;
    };

    void acquired(Statement const& statement, Reply const& reply, Before const& before);
    void released(Statement const& statement, Reply const& reply, Before const& before);
    void judge_term(Statement const& statement, lock::Grant const& grant, Before const& before);
    void judge_rerun(Statement const& statement, Before const& before);
    void judge_due(Statement const& statement, Moment executed, Before const& before);
    void judge_release(std::string const& whose, lock::Release const& release);
    void judge_alone(Statement const& statement, Moment executed, Before const& before);
    void judge_foreign(Statement const& statement, Moment executed, Before const& before);
    [[nodiscard]] static Verdict verdict_of(Process const& process, Settings const& settings);
    [[nodiscard]] Duration slack_of(lock::Ground ground, Moment born, Moment executed) const;
    [[nodiscard]] bool seemed_dead(Statement const& statement, Moment executed, Duration needed) const;
    [[nodiscard]] Duration stepped(Moment since, Moment until) const;
    void move(Ledger& ledger, Duration by);
    void tell(Process const& process, lock::Look const& look);
    void excuse(std::int64_t term, Event event) { excused_.emplace(term, event); }
    [[nodiscard]] bool is_excused(std::int64_t term);
    [[nodiscard]] std::size_t order(std::int64_t term) const;
    [[nodiscard]] Process* find(int number) const;
    [[nodiscard]] std::string name_of(std::int64_t term) const;
    std::optional<Moment> able_since();
    [[nodiscard]] bool has_to_be_due() const;
    void judge_reclaim();
    // Of nobody to whom the database has given the lock.
    [[nodiscard]] bool is_foreign(std::optional<std::string> const& token) const { return token && !granted_.contains(*token); }
    [[nodiscard]] Duration longest_standstill() const;
    void judge_standstill(Moment able, bool due);

    World& world_;
    Counts& counts_;
    Settings const& settings_;
    Processes const& processes_;
    Server* server_ = nullptr;
    std::optional<Violation> violation_;

    std::map<std::string, Verdict> verdicts_;         // by token
    std::set<std::string> granted_;                   // tokens
    std::map<std::int64_t, std::size_t> order_;       // of the terms, as they were committed
    std::int64_t highest_ = 0, newest_ = 0;           // of all, and of the last acquire
    bool highest_is_lost_ = false;                    // by a failover
    std::map<std::int64_t, Event> excused_;           // terms that a third party, or a step that nobody could see, has ended
    std::vector<std::pair<Moment, Duration>> steps_;  // of the database's clock
    struct Watch {
        std::string cluster, row;               // as it was seen last
        Moment sent{}, executed{}, received{};  // that look
        Moment row_seen{};                      // the first look that saw this row
        bool step_hidden = false;               // no two looks could tell of the steps up to then
    };
    std::map<int, Watch> watches_;                // of a process
    std::map<Site const*, std::int64_t> landed_;  // the newest term of which an effect has landed
    bool prompt_ = false;
    Moment last_step_back_ = Moment::min();
    bool freed_silently_ = false;  // by a stranger
    std::optional<Moment> life_since_, standing_since_;
    std::map<int, Moment> able_since_;
    std::uint64_t finished_ = 0;             // whole ticks since then
    std::map<std::int64_t, int> releasing_;  // terms whose tick has ended, and whose release has not come: by whom
};

}  // namespace groomer::simulation
