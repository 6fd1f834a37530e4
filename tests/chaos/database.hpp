// The driver's own way to the server: straight to its socket, past every proxy.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace groomer::chaos {

using Fields = std::vector<std::optional<std::string>>;

class Database {
public:
    // Throws std::runtime_error, as do all below.
    Database(std::string const& socket_folder, std::string const& name);
    ~Database();
    Database(Database&&) noexcept;
    Database& operator=(Database&&) = delete;

    std::vector<Fields> query(std::string const& sql);
    // The first field of the first row; "" where there is none.
    std::string value(std::string const& sql);

private:
    struct Connection;
    std::unique_ptr<Connection> connection_;
};

}  // namespace groomer::chaos
