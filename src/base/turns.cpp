#include "base/turns.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

namespace groomer {

// A waiter's place in the queue; a turn that it was given and did not take goes on to the next.
class Turns::Place {
public:
    Place(Turns& turns, asio::any_io_executor const& executor)
        : turns_{turns}, called_{executor, asio::steady_timer::time_point::max()}, at_{turns.waiting_.insert(turns.waiting_.end(), this)} {}
    Place(Place const&) = delete;
    Place& operator=(Place const&) = delete;
    ~Place() {
        if (waiting_) turns_.waiting_.erase(at_);
        else if (!taken_) turns_.pass_on();
    }

    void call() {
        turns_.waiting_.erase(at_);
        waiting_ = false;
        called_.cancel();
    }
    [[nodiscard]] bool called() const { return !waiting_; }
    asio::steady_timer& timer() { return called_; }
    Turn take() {
        taken_ = true;
        return Turn{&turns_};
    }

private:
    Turns& turns_;
    asio::steady_timer called_;
    std::list<Place*>::iterator at_;
    bool waiting_ = true;
    bool taken_ = false;
};

Task<Turns::Turn> Turns::take() {
    if (free_ > 0) {
        --free_;
        co_return Turn{this};
    }
    auto const executor = co_await asio::this_coro::executor;
    Place place{*this, executor};
    // Called already where it was its turn before the wait began.
    if (!place.called()) {
        auto [error] = co_await place.timer().async_wait(asio::as_tuple(asio::use_awaitable));
        (void)error;
    }
    if (!place.called()) throw boost::system::system_error{asio::error::operation_aborted};
    co_return place.take();
}

void Turns::pass_on() {
    if (waiting_.empty()) ++free_;
    else waiting_.front()->call();
}

}  // namespace groomer
