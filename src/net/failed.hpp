// What ends an exchange without an answer, where the request is not known: http_client.cpp makes an HttpError of it.
#pragma once

#include "net/http_client.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>

namespace groomer::net {

using Stage = HttpError::Stage;
using TimePoint = std::chrono::steady_clock::time_point;

class Failed : public std::runtime_error {
public:
    // why: the end of a sentence, without a secret.
    Failed(Stage stage, std::string const& why) : std::runtime_error{why}, stage_{stage} {}
    [[nodiscard]] Stage stage() const { return stage_; }

private:
    Stage stage_;
};

inline TimePoint sooner(TimePoint until, std::chrono::milliseconds from_now) {
    return std::min(until, std::chrono::steady_clock::now() + from_now);
}

}  // namespace groomer::net
