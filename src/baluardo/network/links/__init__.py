"""What the kernel gives: namespaces, TUN devices, packet sockets, compiled system calls."""
