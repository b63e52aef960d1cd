/**
 * Perl's own calls for unix sockets, `reach(PATH)` and `at(PATH)`: to load IO::Socket::UNIX takes four times as long as
 * to start perl. 1, 1 are PF_UNIX and SOCK_STREAM.
 */
export const perlSockets = `
sub at { pack "S a108", 1, shift }
sub reach { socket my $socket, 1, 1, 0; connect $socket, at(shift) or return; $socket }`;
