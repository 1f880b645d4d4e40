/** As what IIS knows the plug-in where nobody says otherwise. */
export const defaultName = 'Portcullis'
