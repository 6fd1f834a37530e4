// The status page: one HTML text with its own style and script, and the policy that lets a browser run those two and ask nobody else.
#pragma once

#include "api/access.hpp"
#include "net/http.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace groomer::api {

// src/api/page/status.html, as it was when this was built.
std::string_view page_text();

// The Content-Security-Policy of a page: its <style> and <script> elements, which have no attributes, by their hashes.
std::string content_policy(std::string_view html);

// The page as it is served: it is told whether the replica takes tokens, and whether it needs none to show the status.
std::string page_for(Access const& access);

// What answers `GET /`. `access` is asked at each request.
net::Handler page_handler(std::function<Access()> access);

}  // namespace groomer::api
