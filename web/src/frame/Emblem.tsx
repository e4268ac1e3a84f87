/** The emblem: the plan of a star fort (a *baluardo* is its bastion), an orbit within its walls. */
export function Emblem() {
  return (
    <svg class="emblem" viewBox="0 0 48 48" fill="none" aria-hidden="true">
      <path
        class="emblem-walls"
        d="M19.3 11.7L20.8 9.7L19.5 7.4L24.0 2.0L28.5 7.4L27.2 9.7L28.7 11.7L34.3 15.7L36.6 16.6L38.4 14.6L44.9 17.2L41.2 23.1L38.5 22.6L37.2 24.7L35.1 31.2L34.9 33.7L37.4 34.8L36.9 41.8L30.2 40.1L29.8 37.4L27.4 36.8L20.6 36.8L18.2 37.4L17.8 40.1L11.1 41.8L10.6 34.8L13.1 33.7L12.9 31.2L10.8 24.7L9.5 22.6L6.8 23.1L3.1 17.2L9.6 14.6L11.4 16.6L13.7 15.7Z"
      />
      <ellipse
        class="emblem-orbit"
        cx="24"
        cy="24"
        rx="10.4"
        ry="4"
        transform="rotate(-32 24 24)"
      />
      <circle class="emblem-heart" cx="24" cy="24" r="3.2" />
      <circle class="emblem-satellite" cx="32.1" cy="17.4" r="1.7" />
    </svg>
  );
}
