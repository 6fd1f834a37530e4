// At most so many at once, in the order they came. On one single-threaded executor.
#pragma once

#include "base/async.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

namespace groomer {

class Turns {
public:
    // Ends with it. Outlived by the Turns that gave it.
    class Turn {
    public:
        explicit Turn(Turns* from) : from_{from} {}
        Turn(Turn&& other) noexcept : from_{std::exchange(other.from_, nullptr)} {}
        Turn& operator=(Turn&&) = delete;
        ~Turn() {
            if (from_) from_->pass_on();
        }

    private:
        Turns* from_;
    };

    explicit Turns(std::size_t at_once) : free_{at_once} {}
    Turns(Turns const&) = delete;
    Turns& operator=(Turns const&) = delete;

    // Throws operation_aborted when cancelled, and has then taken nothing.
    Task<Turn> take();

private:
    class Place;

    void pass_on();

    std::size_t free_;
    std::list<Place*> waiting_;
};

}  // namespace groomer
