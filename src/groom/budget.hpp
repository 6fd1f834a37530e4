// What may still be spent on a language model. Kept in the database (store/spend.hpp); what this holder has under way is known here, so
// that no limit is passed by many requests at once. On one single-threaded executor.
#pragma once

#include "base/async.hpp"
#include "config/config.hpp"
#include "lock/hold.hpp"
#include "metrics/metrics.hpp"
#include "store/spend.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace groomer::groom {

class Budget {
public:
    // Room for one request. Outlived by the Budget. What was not settled counts with the most that it can cost.
    class Room {
    public:
        Room(Budget& budget, store::Spend most) : budget_{&budget}, most_{most} { budget.take(most); }
        Room(Room&& other) noexcept : budget_{std::exchange(other.budget_, nullptr)}, most_{other.most_}, call_{other.call_} {}
        Room& operator=(Room&&) = delete;
        ~Room() {
            if (budget_) budget_->give_back(most_, call_ > 0 ? most_ : store::Spend{});
        }

    private:
        friend class Budget;
        Budget* budget_;
        store::Spend most_;
        std::int64_t call_ = 0;  // its row; 0: there is none yet
    };
    struct Answer {
        std::optional<Room> room;
        std::string why;  // in one sentence, where nothing may be spent
    };

    Budget(store::Store& store, metrics::Metrics& metrics, asio::any_io_executor executor);

    // Learns what this day has cost so far; a new tick has spent nothing. Throws pg::DatabaseError.
    Task<> begin_tick();
    // Nothing is to be judged: what was shown as left of a day must not outlast the day. Throws pg::DatabaseError.
    Task<> idle_tick();

    // Room for a request that costs `most`. Waits where only requests that are under way stand in its way: they may cost less.
    // Throws store::HoldLost and pg::DatabaseError.
    Task<Answer> reserve(lock::Hold& hold, config::Model const& model, store::ModelCall most);
    // What it did cost; what it did not need is free again.
    Task<> settle(lock::Hold& hold, config::Model const& model, Room room, store::ModelCall const& what, store::CallEnd end);
    // It cost nothing.
    Task<> drop(lock::Hold& hold, Room room);

    [[nodiscard]] store::Spend spent_in_tick() const { return tick_; }

private:
    void take(store::Spend const& most);
    void give_back(store::Spend const& most, store::Spend const& cost);
    [[nodiscard]] static std::optional<std::string> refusal(config::Budget const& budget, store::Spend const& day,
                                                            store::Spend const& tick);
    void show(config::Budget const& budget);

    store::Store& store_;
    metrics::Metrics& metrics_;
    asio::steady_timer settled_;  // never ends; cancelled when a request does, which wakes who waits for room
    store::Spend day_, tick_;     // settled
    store::Spend pending_;        // the most that what is under way can cost
    int under_way_ = 0;
    std::optional<config::Budget> shown_;  // that the metric tells of
};

double price(config::Model const& model, std::int64_t input_tokens, std::int64_t output_tokens);

}  // namespace groomer::groom
