// The status page: one HTML text with its own style and script, and the policy that lets a browser run those two and ask nobody else.
#pragma once

#include "net/http.hpp"

#include <string>
#include <string_view>

namespace groomer::api {

// src/api/page/status.html, as it was when this was built.
std::string_view page_text();

// The Content-Security-Policy of a page: its <style> and <script> elements, which have no attributes, by their hashes.
std::string content_policy(std::string_view html);

// What answers `GET /`.
net::Handler page_handler();

}  // namespace groomer::api
