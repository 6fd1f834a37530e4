#include "config/forms.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

namespace groomer::config {
namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view word = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

bool only(std::string_view text, std::string_view characters) { return text.find_first_not_of(characters) == std::string_view::npos; }

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }) ||
           clean_text(text) != text;
}

bool is_label(std::string_view text) {
    return !text.empty() && count_characters(text) <= 50 && text.front() != ' ' && text.back() != ' ' && !has_control(text) &&
           text.find(',') == std::string_view::npos;
}

bool is_optional_label(std::string_view text) { return text.empty() || is_label(text); }

bool is_lock_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.find_first_not_of(word) == std::string_view::npos && text != "global";
}

bool is_uri(std::string_view text) { return text.starts_with("postgresql://") || text.starts_with("postgres://"); }

bool is_port(std::string_view text) {
    unsigned port = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc{} && end == text.data() + text.size() && text.size() <= 5 && port <= 65535 && only(text, digits);
}

// Hosts with their ports, as libpq takes them: name:port,[address]:port,…
bool are_hosts(std::string_view text) {
    for (bool more = true; more;) {
        auto const comma = text.find(',');
        auto const host = text.substr(0, comma);
        auto const closed = host.starts_with('[') ? host.find(']') : 0;
        if (closed == std::string_view::npos) return false;
        auto const colon = host.find(':', closed);
        if (colon != std::string_view::npos && colon + 1 < host.size() && !is_port(host.substr(colon + 1))) return false;
        more = comma != std::string_view::npos;
        if (more) text.remove_prefix(comma + 1);
    }
    return true;
}

// A password in which an @, / or ? is not written as %40, %2F or %3F falls apart: libpq would take its pieces for host, port
// or database, and show them in its errors.
bool is_database_uri(std::string_view text) {
    text.remove_prefix(text.find("://") + 3);
    auto const end = std::min(text.find_first_of("/?"), text.size());
    auto hosts = text.substr(0, end);
    if (auto const at = hosts.find('@'); at != std::string_view::npos) hosts.remove_prefix(at + 1);
    auto const query = std::min(text.find('?'), text.size());
    if (text.substr(end, query - end).find_first_of("@:") != std::string_view::npos) return false;
    for (auto at = query; at < text.size();) {
        auto const next = std::min(text.find('&', at + 1), text.size());
        if (text.substr(at, next - at).find('=') == std::string_view::npos) return false;
        at = next;
    }
    return hosts.find('@') == std::string_view::npos && are_hosts(hosts);
}

bool is_database(std::string_view text) {
    if (text.size() > 4096 || has_control(text)) return false;
    if (is_uri(text)) return is_database_uri(text);
    auto const name = text.substr(0, text.find_first_of("= "));
    return !name.empty() && name.size() < text.size() && text.find('=') != std::string_view::npos &&
           only(name, "abcdefghijklmnopqrstuvwxyz_");
}

bool is_listen(std::string_view text) {
    auto const colon = text.rfind(':');
    if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
    auto host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']') && host.size() > 2)
        return only(host.substr(1, host.size() - 2), "0123456789abcdefABCDEF:.");
    return !host.empty() && only(host, word);
}

// No user information and no query: a secret there would end up in logs.
bool is_http_url(std::string_view text) {
    if (text.size() > 2048 || has_control(text) || text.find_first_of(" @?#\"") != std::string_view::npos) return false;
    for (std::string_view scheme : {"https://", "http://"})
        if (text.starts_with(scheme)) return text.size() > scheme.size() && text[scheme.size()] != '/' && text[scheme.size()] != ':';
    return false;
}

bool is_repository(std::string_view text) {
    auto const slash = text.find('/');
    if (slash == std::string_view::npos) return false;
    auto const part = [](std::string_view name) {
        return !name.empty() && name.size() <= 100 && only(name, word) && name != "." && name != "..";
    };
    return part(text.substr(0, slash)) && part(text.substr(slash + 1));
}

bool is_line(std::string_view text) { return !text.empty() && text.size() <= 200 && !has_control(text); }
bool is_path(std::string_view text) { return !text.empty() && text.size() <= 4096 && !has_control(text); }
bool is_one_line_secret(std::string_view text) { return !text.empty() && !has_control(text); }
bool is_rotating_secret(std::string_view text) {
    auto const end = text.find('\n');
    auto first = text.substr(0, end);
    if (end == std::string_view::npos) return is_one_line_secret(first);
    if (first.ends_with('\r')) first.remove_suffix(1);
    return is_one_line_secret(first) && is_one_line_secret(text.substr(end + 1));
}
bool is_private_key(std::string_view text) {
    return text.starts_with("-----BEGIN ") && text.find("PRIVATE KEY-----") != std::string_view::npos;
}

constexpr std::string_view hidden = "***";

bool names_password(std::string_view name) { return to_lower(name).find("pass") != std::string::npos; }

// libpq takes the user information up to the last @ that it can; hiding up to the last of all hides never too little.
std::string redact_uri(std::string_view url) {
    auto const start = url.find("://") + 3;
    std::string out{url.substr(0, start)};
    auto const colon = url.find(':', start), at = url.rfind('@');
    auto rest = url.substr(start);
    if (at != std::string_view::npos && colon < at) {
        out += std::string{url.substr(start, colon + 1 - start)} + std::string{hidden};
        rest = url.substr(at);
    }
    auto const query = rest.find('?');
    out += rest.substr(0, query);
    for (auto next = query; next != std::string_view::npos;) {
        auto const end = rest.find('&', next + 1);
        auto const parameter = rest.substr(next, end == std::string_view::npos ? end : end - next);
        auto const equals = parameter.find('=');
        if (equals != std::string_view::npos && names_password(parameter.substr(0, equals)))
            out += std::string{parameter.substr(0, equals + 1)} + std::string{hidden};
        else out += parameter;
        next = end;
    }
    return out;
}

// The end of a value of key=value: in single quotes, or up to a space; a backslash takes the next character along.
std::size_t value_end(std::string_view text, std::size_t at) {
    bool const quoted = at < text.size() && text[at] == '\'';
    for (auto i = quoted ? at + 1 : at; i < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        else if (quoted && text[i] == '\'') return i + 1;
        else if (!quoted && text[i] == ' ') return i;
    }
    return text.size();
}

std::string redact_pairs(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        auto const equals = text.find('=', at);
        if (equals == std::string_view::npos) return out + std::string{hidden};  // not understood: show none of it
        auto value = text.find_first_not_of(' ', equals + 1);
        if (value == std::string_view::npos) value = text.size();
        auto const end = value_end(text, value);
        out += text.substr(at, value - at);
        out += names_password(text.substr(at, equals - at)) ? hidden : text.substr(value, end - value);
        at = end;
    }
    return out;
}

}  // namespace

Form const label_form{"a label: 1 to 50 characters, no comma or control character, no space at either end",
                      "^[^, \\u0000-\\u001f\\u007f]([^,\\u0000-\\u001f\\u007f]{0,48}[^, \\u0000-\\u001f\\u007f])?$", is_label};
Form const optional_label_form{"a label (1 to 50 characters, no comma or control character, no space at either end), or \"\" for none",
                               "^([^, \\u0000-\\u001f\\u007f]([^,\\u0000-\\u001f\\u007f]{0,48}[^, \\u0000-\\u001f\\u007f])?)?$",
                               is_optional_label};
Form const lock_id_form{"1 to 64 letters, digits, '.', '_' or '-', and not global, which serialises the sync",
                        "^(?!global$)[A-Za-z0-9._-]{1,64}$", is_lock_id};
Form const database_form{
    "a PostgreSQL connection string: postgresql://user@host/database (@ / ? of a password as %40 %2F %3F), or key=value pairs",
    "^(postgres(ql)?://|[a-z_]+ *=)", is_database};
Form const listen_form{"an address and a port, like 0.0.0.0:8080 or [::]:8080", "^([A-Za-z0-9._-]+|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$",
                       is_listen};
Form const http_url_form{"an http:// or https:// address without user, query or fragment", "^https?://[^/:@?#\" ][^@?#\" ]*$", is_http_url};
Form const repository_form{"a repository like octocat/hello-world", "^[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}$", is_repository};
Form const line_form{"a text of 1 to 200 bytes without control characters", "^[^\\u0000-\\u001f\\u007f]{1,200}$", is_line};
Form const path_form{"the path of a file", "^[^\\u0000-\\u001f\\u007f]{1,4096}$", is_path};
Form const one_line_secret_form{"one line without control characters", "", is_one_line_secret};
Form const rotating_secret_form{"one line without control characters, or two while it is replaced", "", is_rotating_secret};
Form const private_key_form{"a private key in PEM form", "", is_private_key};

std::string redact_url(std::string_view url) { return is_uri(url) ? redact_uri(url) : redact_pairs(url); }

std::string_view default_base_url(std::string_view provider) {
    return provider == "anthropic" ? "https://api.anthropic.com/v1" : "https://api.openai.com/v1";
}

}  // namespace groomer::config
