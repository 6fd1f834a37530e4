#include "app/identity.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>

namespace groomer::app {
namespace {

std::string value(std::map<std::string, std::string> const& environment, char const* name) {
    auto const found = environment.find(name);
    return found == environment.end() ? "" : found->second;
}

// Names go into tokens and connection names: short, without separators.
std::string plain(std::string const& text) {
    auto out = clean_text(text);
    for (char& c : out)
        if (c == '|' || c == '\n' || c == '\r' || c == '\t') c = '_';
    return std::string{truncate_utf8(out, 200)};
}

}  // namespace

Slot::Slot(std::map<std::string, std::string> const& environment, Log& log) {
    auto const pod = value(environment, "GROOMER_POD_UID"), container = value(environment, "GROOMER_CONTAINER");
    auto const folder = value(environment, "GROOMER_SLOT_DIR");
    if (pod.empty() || container.empty() || folder.empty()) return;
    auto const name = pod + "/" + container, digest = sha256_hex(name).substr(0, 32);
    auto const path = folder + "/" + digest + ".slot";
    file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0 || ::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        log.warning("the slot is not ours: a crashed predecessor's row will be waited out, not taken back",
                    {{"component", "lock"}, {"path", path}, {"error", std::strerror(errno)}});
        return;
    }
    // Two slots never share a name: one that would have to be changed to fit is called by its digest.
    name_ = plain(name) == name ? name : digest;
}

Slot::~Slot() {
    if (file_ >= 0) ::close(file_);
}

std::string pod_name(std::map<std::string, std::string> const& environment) {
    if (auto const name = value(environment, "POD_NAME"); !name.empty()) return plain(name);
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0 || host[0] == 0) return "unknown";
    return plain(host.data());
}

std::string session_name(Role role, std::string const& version, std::string const& pod) {
    constexpr std::size_t most = 63;
    auto const prefix = std::string{role == Role::replica ? "groomer/" : "groomer-command/"} + version.substr(0, 20) + '/';
    auto const is_kept = [](char c) { return c >= ' ' && c <= '~'; };
    bool const fits = prefix.size() + pod.size() <= most && std::all_of(pod.begin(), pod.end(), is_kept);
    if (fits) return prefix + pod;
    auto const mark = '~' + sha256_hex(pod).substr(0, 8);
    auto shown = pod.substr(0, most - prefix.size() - mark.size());
    std::replace_if(shown.begin(), shown.end(), std::not_fn(is_kept), '?');
    return prefix + shown + mark;
}

lock::Identity make_identity(std::map<std::string, std::string> const& environment, Slot const& slot) {
    return {pod_name(environment), slot.name(), make_uuid()};
}

}  // namespace groomer::app
