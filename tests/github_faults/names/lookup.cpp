// Loaded into groomer with LD_PRELOAD: names below "github.test" are this machine, but for as long as the file
// FAULTY_NAMES_FILE is there; each lookup that fails then adds a byte to FAULTY_NAMES_FILE.asked.
#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

// The C library's own signature.
extern "C" int getaddrinfo(char const* node, char const* service, addrinfo const* hints, addrinfo** found) {
    using Function = int (*)(char const*, char const*, addrinfo const*, addrinfo**);
    static auto const real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    if (!node || std::string_view{node} != "github.test") return real(node, service, hints, found);
    char const* const failing = std::getenv("FAULTY_NAMES_FILE");
    if (!failing || ::access(failing, F_OK) != 0) return real("127.0.0.1", service, hints, found);
    auto const asked = std::string{failing} + ".asked";
    int const file = ::open(asked.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file >= 0) {
        [[maybe_unused]] auto const written = ::write(file, ".", 1);
        ::close(file);
    }
    return EAI_AGAIN;
}
