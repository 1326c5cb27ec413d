/** The ids of all methods in the list, for whoever must know that an id is taken without loading what the method does. */
export const METHOD_IDS: readonly string[] = ['attribution'];
