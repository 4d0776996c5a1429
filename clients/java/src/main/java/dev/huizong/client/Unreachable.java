package dev.huizong.client;

/** Nobody answers at the address, or not in time, however often it was tried. */
public final class Unreachable extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unreachable(String address, Throwable cause) {
        super(address + " cannot be reached: " + cause.getMessage(), cause);
    }
}
