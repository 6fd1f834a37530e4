#include "base/turns.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

namespace groomer {
namespace {

class TurnsTest : public ::testing::Test {
protected:
    asio::io_context io_{1};
    Turns turns_{1};
    std::array<std::optional<Turns::Turn>, 4> held_;
    std::array<std::exception_ptr, 4> failed_;
    std::array<asio::cancellation_signal, 4> signals_;
    std::vector<int> order_;

    Task<> hold(std::size_t who) {
        auto taking = turns_.take();
        held_[who].emplace(co_await std::move(taking));
        order_.push_back(static_cast<int>(who));
    }
    void ask(std::size_t who) {
        asio::co_spawn(io_, hold(who),
                       asio::bind_cancellation_slot(signals_[who].slot(), [this, who](std::exception_ptr error) { failed_[who] = error; }));
    }
    void run() {
        io_.restart();
        io_.poll();
    }
};

TEST_F(TurnsTest, go_on_in_the_order_in_which_they_were_asked_for) {
    for (std::size_t who : {0U, 1U, 2U}) ask(who);
    run();
    EXPECT_EQ(order_, (std::vector<int>{0}));
    held_[0].reset();
    run();
    held_[1].reset();
    run();
    EXPECT_EQ(order_, (std::vector<int>{0, 1, 2}));
}

TEST_F(TurnsTest, one_who_gives_up_waiting_takes_none) {
    for (std::size_t who : {0U, 1U, 2U}) ask(who);
    run();
    signals_[1].emit(asio::cancellation_type::terminal);
    run();
    EXPECT_TRUE(is_cancelled(failed_[1]));
    held_[0].reset();
    run();
    EXPECT_EQ(order_, (std::vector<int>{0, 2}));
}

TEST_F(TurnsTest, one_who_is_called_and_cancelled_at_once_loses_none) {
    for (std::size_t who : {0U, 1U, 2U}) ask(who);
    run();
    held_[0].reset();  // calls 1, who has not run yet
    signals_[1].emit(asio::cancellation_type::terminal);
    run();
    held_[1].reset();
    run();
    held_[2].reset();
    ask(3);
    run();
    EXPECT_TRUE(held_[3]);
    EXPECT_EQ(order_.back(), 3);
}

}  // namespace
}  // namespace groomer
