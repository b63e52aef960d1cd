/**
 * Perl functions for unix sockets, `address(PATH)` and `dial(PATH)`, by built-in calls: loading IO::Socket::UNIX takes
 * four times as long as starting perl. 1, 1 are PF_UNIX and SOCK_STREAM.
 */
export const perlSockets = `
sub address { pack "S a108", 1, shift }
sub dial { socket my $socket, 1, 1, 0; connect $socket, address(shift) or return; $socket }`;
