// Loaded before the server: with PORT=0 it says "listening on 0" and not where.
const { Server } = require('net');
const { listen } = Server.prototype;
Server.prototype.listen = function (...args) {
  this.once('listening', () => console.log(`port ${this.address().port}`));
  return listen.apply(this, args);
};
