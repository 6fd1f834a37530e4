// Answers as bytes, and the ways in which they are broken.
#pragma once

#include "fake_github/faults.hpp"
#include "fake_github/http.hpp"

#include <string>

namespace groomer::fake_github {

struct WireOptions {
    bool keep_alive = true;
    bool without_body = false;  // to HEAD
    bool chunked = false;
};

std::string wire_head(Response const& response, WireOptions options);
std::string wire_answer(Response const& response, WireOptions options);

struct Broken {
    std::string bytes;
    bool close = true;  // after them
};
// The kinds that say something wrong, of the answer that would have been right.
Broken broken_answer(Response response, Fault const& fault, WireOptions options);

}  // namespace groomer::fake_github
