#include "support/process.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace groomer::test {

using namespace std::chrono_literals;

Process::Process(std::vector<std::string> const& arguments, std::string output, std::map<std::string, std::string> const& variables)
    : output_{std::move(output)} {
    // All memory is taken before the fork: the child only sets, opens and execs.
    std::vector<char*> argv;
    for (auto const& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error{"fork failed"};
    if (pid_ > 0) return;
    ::unsetenv("GROOMER_TEST_DATABASE_URL");  // ours; groomer would refuse it as a key that it does not know
    for (auto const& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    int const file = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    ::dup2(file, STDOUT_FILENO);
    ::dup2(file, STDERR_FILENO);
    // A connection that we hold would not end with us where a child had it, too.
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    ::execv(argv[0], argv.data());
    ::_exit(127);
}

Process::~Process() {
    if (!running()) return;
    signal(SIGKILL);
    wait(10s);
}

void Process::signal(int number) const {
    if (!status_) ::kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
    auto const end = std::chrono::steady_clock::now() + limit;
    while (!status_) {
        int status = 0;
        if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        else if (std::chrono::steady_clock::now() >= end) return std::nullopt;
        else std::this_thread::sleep_for(5ms);
    }
    return status_;
}

bool Process::running() { return !wait(0ms); }

std::string Process::output() const {
    std::ostringstream text;
    text << std::ifstream{output_}.rdbuf();
    return text.str();
}

long Process::resident() const {
    std::ifstream status{"/proc/" + std::to_string(pid_) + "/status"};
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    return -1;
}

bool Process::says(std::string const& text, std::chrono::milliseconds limit) const {
    auto const end = std::chrono::steady_clock::now() + limit;
    while (output().find(text) == std::string::npos) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(10ms);
    }
    return true;
}

int http_get(unsigned short port, std::string const& path, std::string* body) {
    namespace asio = boost::asio;
    try {
        asio::io_context context;
        asio::ip::tcp::socket socket{context};
        socket.connect({asio::ip::address_v4::loopback(), port});
        asio::write(socket, asio::buffer("GET " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"));
        std::string answer;
        boost::system::error_code end;
        asio::read(socket, asio::dynamic_buffer(answer), end);
        if (body) *body = answer.substr(std::min(answer.find("\r\n\r\n"), answer.size()));
        return std::stoi(answer.substr(9, 3));
    } catch (std::exception const&) {
        return 0;
    }
}

}  // namespace groomer::test
