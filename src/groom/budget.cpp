#include "groom/budget.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace groomer::groom {
namespace {

std::string dollars(double usd) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "$%.4g", usd);
    return text.data();
}

store::Spend& operator+=(store::Spend& sum, store::Spend const& more) {
    sum.tokens += more.tokens;
    sum.usd += more.usd;
    return sum;
}

store::Spend operator+(store::Spend sum, store::Spend const& more) { return sum += more; }

}  // namespace

double price(config::Model const& model, std::int64_t input_tokens, std::int64_t output_tokens) {
    if (!model.prices) return 0;
    return (static_cast<double>(input_tokens) * model.prices->input_usd_per_mtok +
            static_cast<double>(output_tokens) * model.prices->output_usd_per_mtok) /
           1e6;
}

Budget::Budget(store::Store& store, metrics::Metrics& metrics, asio::any_io_executor executor)
    : store_{store}, metrics_{metrics}, settled_{std::move(executor), asio::steady_timer::time_point::max()} {}

Task<> Budget::begin_tick() {
    day_ = co_await store::spent_today(store_);
    tick_ = {};
    if (shown_) show(*shown_);
}

Task<> Budget::idle_tick() {
    if (shown_) co_await begin_tick();
}

void Budget::take(store::Spend const& most) {
    pending_ += most;
    ++under_way_;
}

void Budget::give_back(store::Spend const& most, store::Spend const& cost) {
    pending_ += {-most.tokens, -most.usd};
    day_ += cost;
    tick_ += cost;
    if (--under_way_ == 0) pending_ = {};  // and no rounding is left
    settled_.cancel();
}

// day, tick: what they would come to.
std::optional<std::string> Budget::refusal(config::Budget const& budget, store::Spend const& day, store::Spend const& tick) {
    if (budget.tokens_per_day && day.tokens > *budget.tokens_per_day)
        return "the budget of " + std::to_string(*budget.tokens_per_day) + " tokens a day is used up";
    if (budget.usd_per_day && day.usd > *budget.usd_per_day) return "the budget of " + dollars(*budget.usd_per_day) + " a day is used up";
    if (budget.usd_per_tick && tick.usd > *budget.usd_per_tick)
        return "the budget of " + dollars(*budget.usd_per_tick) + " a tick is used up";
    return std::nullopt;
}

Task<Budget::Answer> Budget::reserve(lock::Hold& hold, config::Model const& model, store::ModelCall most) {
    store::Spend const more{most.input_tokens + most.output_tokens, most.usd};
    Answer answer;
    show(model.budget);
    while (refusal(model.budget, day_ + pending_ + more, tick_ + pending_ + more)) {
        // Only what is under way can still turn out to cost less.
        if (auto why = refusal(model.budget, day_ + more, tick_ + more)) {
            answer.why = std::move(*why);
            co_return std::move(answer);
        }
        auto [error] = co_await settled_.async_wait(asio::as_tuple(asio::use_awaitable));
        (void)error;
        auto const state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() != asio::cancellation_type::none) throw boost::system::system_error{asio::error::operation_aborted};
    }
    Room room{*this, more};  // before its row is stored: others count it already
    most.usd_per_issue = model.budget.usd_per_issue;
    auto reserving = store::reserve_call(store_, hold, most);
    auto const reserved = co_await std::move(reserving);
    if (reserved.call) {
        room.call_ = *reserved.call;
        answer.room.emplace(std::move(room));
    } else if (reserved.asked_before) {
        answer.why = "a replica that died had asked already, and nothing is paid for twice";
    } else {
        answer.why = "the budget of " + dollars(model.budget.usd_per_issue.value_or(0)) + " an issue is used up";
    }
    co_return std::move(answer);
}

Task<> Budget::settle(lock::Hold& hold, config::Model const& model, Room room, store::ModelCall const& what, store::CallEnd end) {
    store::Spend const cost{end.input_tokens + end.output_tokens, end.usd};
    auto settling = store::settle_call(store_, hold, room.call_, what, std::move(end));
    co_await std::move(settling);
    room.budget_ = nullptr;
    give_back(room.most_, cost);
    show(model.budget);
}

Task<> Budget::drop(lock::Hold& hold, Room room) {
    auto dropping = store::drop_call(store_, hold, room.call_);
    co_await std::move(dropping);
    room.call_ = 0;
}

// How much of the tightest limit is left.
void Budget::show(config::Budget const& budget) {
    shown_ = budget;
    double day = 1, tick = 1;
    if (budget.tokens_per_day) day = 1 - static_cast<double>(day_.tokens) / static_cast<double>(*budget.tokens_per_day);
    if (budget.usd_per_day) day = std::min(day, 1 - day_.usd / *budget.usd_per_day);
    if (budget.usd_per_tick) tick = 1 - tick_.usd / *budget.usd_per_tick;
    metrics_.model_budget_remaining_ratio("day").set(std::clamp(day, 0.0, 1.0));
    metrics_.model_budget_remaining_ratio("tick").set(std::clamp(tick, 0.0, 1.0));
}

}  // namespace groomer::groom
