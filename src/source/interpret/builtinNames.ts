/** Names that Python itself binds, as far as the follower meets them. Pure data. */

export const BUILTINS = new Set(
  (
    'range len enumerate zip reversed sorted list tuple set frozenset dict iter next map filter sum max min abs round pow getattr setattr ' +
    'hasattr isinstance issubclass callable type int float bool str print repr object super property staticmethod classmethod any all id ' +
    'divmod vars open format input slice bytes ord chr hash delattr locals globals exec eval complex'
  ).split(' '),
);
