// How many may be at something at once.
#pragma once

#include <cstddef>
#include <memory>

namespace groomer::api {

class Seats {
public:
    explicit Seats(std::size_t most) : most_{most} {}
    // Taken for as long as it lives, and no longer than the seats do; null where there is none.
    std::shared_ptr<void> take() {
        if (taken_ >= most_) return nullptr;
        ++taken_;
        return {this, [](Seats* seats) { --seats->taken_; }};
    }

private:
    std::size_t const most_;
    std::size_t taken_ = 0;
};

}  // namespace groomer::api
