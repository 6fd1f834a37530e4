#include "fake_github/http.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace groomer::fake_github {
namespace {

bool is_token(std::string_view text) {
    auto const allowed = [](unsigned char c) {
        return std::isalnum(c) || std::string_view{"!#$%&'*+-.^_`|~"}.find(char(c)) != std::string_view::npos;
    };
    return !text.empty() && std::all_of(text.begin(), text.end(), allowed);
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\t') || c == 0x7f; });
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::optional<std::size_t> number(std::string_view text, int base) {
    std::size_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
    auto const wanted = to_lower(name);
    auto const found = std::find_if(headers.begin(), headers.end(), [&](auto const& field) { return to_lower(field.first) == wanted; });
    return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

std::string_view Request::path() const { return std::string_view{target}.substr(0, target.find('?')); }

std::string_view reason_of(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 402: return "Payment Required";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 410: return "Gone";
        case 413: return "Payload Too Large";
        case 422: return "Unprocessable Entity";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 451: return "Unavailable For Legal Reasons";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        default: return "Status";
    }
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        auto const code = i + 2 < text.size() ? number(text.substr(i + 1, 2), 16) : std::nullopt;
        if (!code) return std::nullopt;
        out += static_cast<char>(*code);
        i += 2;
    }
    return out;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (unsigned char c : text) {
        if (std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == '~') out += char(c);
        else (out += '%', out += digits[c >> 4U], out += digits[c & 15U]);
    }
    return out;
}

std::optional<Fields> query_of(std::string_view target) {
    Fields out;
    auto const mark = target.find('?');
    if (mark == std::string_view::npos) return out;
    for (auto rest = target.substr(mark + 1); !rest.empty();) {
        auto const end = std::min(rest.find('&'), rest.size());
        std::string pair{rest.substr(0, end)};
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (pair.empty()) continue;
        std::replace(pair.begin(), pair.end(), '+', ' ');
        auto const equals = std::min(pair.find('='), pair.size());
        auto name = percent_decoded(std::string_view{pair}.substr(0, equals));
        auto value = percent_decoded(std::string_view{pair}.substr(std::min(equals + 1, pair.size())));
        if (!name || !value) return std::nullopt;
        out.emplace_back(std::move(*name), std::move(*value));
    }
    return out;
}

std::optional<Request> RequestReader::refuse(int status) {
    refused_ = status;
    return std::nullopt;
}

std::optional<Request> RequestReader::next() {
    if (refused_ || (!head_ && !read_head())) return std::nullopt;
    if (!read_body()) return std::nullopt;
    auto whole = std::move(head_);
    head_.reset();
    asks_leave_ = false;
    return whole;
}

bool RequestReader::read_head() {
    auto const end = buffer_.find("\r\n\r\n");
    if (end == std::string::npos || end > head_limit) {
        if (buffer_.size() > head_limit) refuse(431);
        return false;
    }
    std::string const head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    auto const line_end = head.find("\r\n");
    std::string_view const line{head.data(), line_end};
    auto const first = line.find(' '), last = line.rfind(' ');
    Request request;
    if (first == std::string_view::npos || first == last) return refuse(400), false;
    request.method = line.substr(0, first);
    request.target = line.substr(first + 1, last - first - 1);
    auto const version = line.substr(last + 1);
    bool const sound = is_token(request.method) && request.target.starts_with('/') && !has_control(line) &&
                       request.target.find(' ') == std::string::npos && (version == "HTTP/1.1" || version == "HTTP/1.0");
    if (!sound) return refuse(400), false;
    request.keep_alive = version == "HTTP/1.1";
    head_ = std::move(request);
    return read_fields(std::string_view{head}.substr(line_end + 2)) && frame();
}

bool RequestReader::read_fields(std::string_view lines) {
    while (!lines.empty()) {
        auto const end = lines.find("\r\n");
        auto const line = lines.substr(0, end);
        auto const colon = line.find(':');
        if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || has_control(line)) return refuse(400), false;
        head_->headers.emplace_back(line.substr(0, colon), trimmed(line.substr(colon + 1)));
        lines.remove_prefix(end + 2);
    }
    return true;
}

// How long the body is: where two rules say it, somebody wants to smuggle.
bool RequestReader::frame() {
    auto const count = [&](std::string_view name) {
        return std::count_if(head_->headers.begin(), head_->headers.end(), [&](auto const& f) { return to_lower(f.first) == name; });
    };
    auto const lengths = count("content-length"), codings = count("transfer-encoding");
    if (lengths + codings > 1 || count("host") != 1) return refuse(400), false;
    chunked_ = codings == 1;
    if (chunked_ && to_lower(head_->header("transfer-encoding")) != "chunked") return refuse(400), false;
    auto const length = lengths ? number(head_->header("content-length"), 10) : std::optional<std::size_t>{0};
    if (!length) return refuse(400), false;
    if (*length > body_limit) return refuse(413), false;
    length_ = *length;
    auto const connection = to_lower(head_->header("connection"));
    if (connection == "close") head_->keep_alive = false;
    if (connection == "keep-alive") head_->keep_alive = true;
    asks_leave_ = to_lower(head_->header("expect")) == "100-continue";
    return true;
}

bool RequestReader::expects_continue() {
    bool const asks = head_ && asks_leave_ && buffer_.empty();
    if (asks) asks_leave_ = false;
    return asks;
}

bool RequestReader::read_body() {
    if (chunked_) {
        while (chunked_ && read_chunk()) {
        }
        return !chunked_ && !refused_;
    }
    if (buffer_.size() < length_) return false;
    head_->body = buffer_.substr(0, length_);
    buffer_.erase(0, length_);
    return true;
}

// True where one was taken; the last one ends chunked_.
bool RequestReader::read_chunk() {
    auto const line_end = buffer_.find("\r\n");
    if (line_end == std::string::npos) {
        if (buffer_.size() > 1024) refuse(400);
        return false;
    }
    auto const size = number(std::string_view{buffer_}.substr(0, std::min(line_end, buffer_.find(';'))), 16);
    if (!size || *size > body_limit) return refuse(size ? 413 : 400), false;
    if (head_->body.size() + *size > body_limit) return refuse(413), false;
    if (buffer_.size() < line_end + 2 + *size + 2) return false;
    if (buffer_.compare(line_end + 2 + *size, 2, "\r\n") != 0) return refuse(400), false;  // trailers, too: nobody sends them
    head_->body.append(buffer_, line_end + 2, *size);
    buffer_.erase(0, line_end + 2 + *size + 2);
    if (*size == 0) chunked_ = false;
    return true;
}

}  // namespace groomer::fake_github
